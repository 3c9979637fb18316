import type { Fingerprint } from '../../cursors/cursor-store.js';
import type { StreamState } from '../../cursors/stream-state.js';
import { StorageError } from '../../contract/errors.js';

/** What a value says of a parked fact; the rest has a key of its own. */
export interface ParkedEntry {
  /** Names that key. */
  readonly token: string;
  readonly at: string;
}

/** What the bucket holds of a name, as one value. */
export interface NamedValue {
  /** `null` before the name has a cursor. */
  stream: StreamState<ParkedEntry> | null;
  active: number | null;
  /** Of each intervention what names its key, oldest first. */
  readonly interventions: string[];
}

type Text<State> = {
  [K in keyof State]: State[K] extends bigint ? string : State[K];
};

/** The value as JSON: numbers of facts as texts. */
interface Stored {
  /** Of the write, so that a writer knows its own. */
  readonly write: string;
  readonly stream:
    | (Text<Omit<StreamState<ParkedEntry>, 'parked' | 'fingerprint'>> & {
        readonly fingerprint: (Omit<Fingerprint, 'sequence_number'> & { at: string }) | null;
        readonly parked: readonly (readonly [number: string, token: string, at: string])[];
      })
    | null;
  readonly active: number | null;
  readonly interventions: readonly string[];
}

/** The value of a name of which nothing is stored. */
export function emptyValue(): NamedValue {
  return { stream: null, active: null, interventions: [] };
}

export function encodeValue(write: string, { stream, active, interventions }: NamedValue): string {
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
      parked: [...stream.parked].map(([number, { token, at }]) => [number.toString(), token, at]),
    },
    active,
    interventions,
  };
  return JSON.stringify(stored);
}

/** @throws StorageError for a value that is none of ours */
export function decodeValue(text: string): { readonly write: string; readonly value: NamedValue } {
  try {
    const { write, stream, active, interventions } = JSON.parse(text) as Stored;
    return {
      write,
      value: {
        active,
        interventions: [...interventions],
        stream: stream && {
          ...stream,
          position: BigInt(stream.position),
          epoch: BigInt(stream.epoch),
          renewals: BigInt(stream.renewals),
          fingerprint: stream.fingerprint && {
            sequence_number: BigInt(stream.fingerprint.at),
            hash: stream.fingerprint.hash,
          },
          parked: new Map(
            stream.parked.map(([number, token, at]) => [BigInt(number), { token, at }]),
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
