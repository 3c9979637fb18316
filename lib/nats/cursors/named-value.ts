import type { Fingerprint } from '../../cursors/cursor-store.js';
import type { StreamState } from '../../cursors/stream-state.js';
import { StorageError } from '../../contract/errors.js';
import { Journal } from './journal.js';
import { newToken } from './keys.js';
import { ParkedIndex } from './parked-index.js';
import type { Chunk } from './parked-index.js';

/** What the bucket holds of a name, as one value. */
export interface NamedValue {
  /** `null` before the name has a cursor. */
  stream: StreamState<ParkedIndex> | null;
  active: number | null;
  /** Of the newest claim or renewal, so that a process knows its own; `null` before one. */
  mark: string | null;
  readonly journal: Journal;
}

/** A part that a value names is not there: the value was out of date, or the bucket is damaged. */
export class MissingPartError extends StorageError {}

type Text<State> = {
  [K in keyof State]: State[K] extends bigint ? string : State[K];
};

/** Of a parked fact. */
export type StoredEntry = readonly [number: string, token: string, at: string];

/** The value as JSON: numbers of facts as texts. */
interface Stored {
  /** Of the write, so that a writer knows its own. */
  readonly write: string;
  readonly stream:
    | (Text<Omit<StreamState, 'parked' | 'fingerprint'>> & {
        readonly fingerprint: (Omit<Fingerprint, 'sequence_number'> & { at: string }) | null;
        readonly parked: {
          readonly generation: string;
          readonly recent: readonly (StoredEntry | readonly [number: string])[];
          readonly chunks: readonly (readonly [
            token: string,
            first: string,
            last: string,
            count: number,
            since: string | null,
          ])[];
        };
      })
    | null;
  readonly active: number | null;
  readonly mark: string | null;
  readonly journal: { readonly recent: readonly string[]; readonly page: string | null };
}

/** The value of a name of which nothing is stored. */
export function emptyValue(): NamedValue {
  return { stream: null, active: null, mark: null, journal: new Journal() };
}

/** Of a stream that nothing is parked of. */
export function noneParked(): ParkedIndex {
  return new ParkedIndex(newToken(), new Map(), []);
}

export function encodeValue(write: string, value: NamedValue): string {
  const { stream, active, mark, journal } = value;
  const stored: Stored = {
    write,
    stream: stream && {
      ...stream,
      position: stream.position.toString(),
      epoch: stream.epoch.toString(),
      renewals: stream.renewals.toString(),
      fingerprint: stream.fingerprint && {
        at: stream.fingerprint.sequence_number.toString(),
        hash: stream.fingerprint.hash,
      },
      parked: {
        generation: stream.parked.generation,
        recent: [...stream.parked.recent].map(([number, entry]) =>
          entry === null ? [`${number}`] : [`${number}`, entry.token, entry.at],
        ),
        chunks: stream.parked.chunks.map(({ token, first, last, count, since }) => [
          token,
          `${first}`,
          `${last}`,
          count,
          since,
        ]),
      },
    },
    active,
    mark,
    journal: { recent: journal.recent, page: journal.page },
  };
  return JSON.stringify(stored);
}

/** @throws StorageError for a text that is none of ours */
export function decodeValue(text: string): { readonly write: string; readonly value: NamedValue } {
  try {
    const { write, stream, active, mark, journal } = JSON.parse(text) as Stored;
    return {
      write,
      value: {
        active,
        mark,
        journal: new Journal([...journal.recent], journal.page),
        stream: stream && {
          ...stream,
          position: BigInt(stream.position),
          epoch: BigInt(stream.epoch),
          renewals: BigInt(stream.renewals),
          fingerprint: stream.fingerprint && {
            sequence_number: BigInt(stream.fingerprint.at),
            hash: stream.fingerprint.hash,
          },
          parked: new ParkedIndex(
            stream.parked.generation,
            new Map(
              stream.parked.recent.map(([number, token, at]) => [
                BigInt(number),
                token === undefined || at === undefined ? null : { token, at },
              ]),
            ),
            stream.parked.chunks.map(([token, first, last, count, since]) => ({
              token,
              first: BigInt(first),
              last: BigInt(last),
              count,
              since,
            })),
          ),
        },
      },
    };
  } catch (cause) {
    throw new StorageError('The bucket of cursors holds a value that this package did not write.', {
      cause,
    });
  }
}

/** A chunk as a part holds it. */
export function encodeChunk(chunk: Chunk): StoredEntry[] {
  return [...chunk].map(([number, { token, at }]) => [`${number}`, token, at]);
}

export function decodeChunk(stored: readonly StoredEntry[]): Chunk {
  return new Map(stored.map(([number, token, at]) => [BigInt(number), { token, at }]));
}
