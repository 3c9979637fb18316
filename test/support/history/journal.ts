import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Call, Delivery, Outcome, RecordedCall } from './history.types.js';
import { outcomeOf } from './recorded-outcome.js';
import type { RecordedStore } from './recorded-outcome.js';

export interface CallEntry {
  readonly index: number;
  readonly client: string;
  /** As recorded calls have it. */
  readonly view?: string;
  readonly start: number;
  readonly call: Call;
}

export interface EndEntry {
  readonly index: number;
  readonly end: number;
  readonly outcome: Outcome;
  /** The words of an error. */
  readonly message?: string;
}

export interface DeliveryEntry {
  readonly stream: string;
  readonly delivery: Delivery;
}

type Entry = CallEntry | EndEntry | DeliveryEntry;

/** A call with the words of its error. */
export type JournalCall = RecordedCall & { readonly message?: string };

/**
 * What a process is about to do and what it was told, in a file: a line that was written survives SIGKILL, so
 * nothing that was acknowledged to the process is forgotten with it.
 */
export class Journal {
  readonly #file: number;
  #calls = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  begin(client: string, call: Call, view?: string): number {
    const of = view === undefined ? { client } : { client, view };
    const entry: CallEntry = { index: this.#calls++, ...of, start: now(), call };
    this.write(entry);
    return entry.index;
  }

  end(index: number, outcome: Outcome, message?: string): void {
    const entry: EndEntry = { index, end: now(), outcome, ...(message ? { message } : {}) };
    this.write(entry);
  }

  /** Makes the call on the store, and resolves with its outcome; never rejects for an error of the store's. */
  async make(client: string, store: RecordedStore, call: Call, view?: string): Promise<Outcome> {
    const index = this.begin(client, call, view);
    const outcome = await outcomeOf(store, call);
    this.end(index, outcome);
    return outcome;
  }

  /** To be called by a stream's handler when it succeeds. */
  delivered(stream: string, delivery: Delivery): void {
    this.write({ stream, delivery } satisfies DeliveryEntry);
  }

  write(entry: object): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Microseconds of the clock that all processes of the machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1_000;
}

/** The calls of one process, with their outcomes where it learnt them. */
export function readCalls(path: string): JournalCall[] {
  const calls: JournalCall[] = [];
  for (const entry of readEntries<Entry>(path)) {
    if ('call' in entry) {
      const { index, ...call } = entry;
      calls[index] = call;
    } else if ('outcome' in entry) {
      const { index, ...rest } = entry;
      calls[index] = { ...calls[index]!, ...rest };
    }
  }
  return calls;
}

/** What the stream of that name was given. */
export function readDeliveries(path: string, stream: string): Delivery[] {
  return readEntries<Entry>(path).flatMap((entry) =>
    'delivery' in entry && entry.stream === stream ? [entry.delivery] : [],
  );
}

/** The lines of a journal; one that was being written when its process died is none. */
export function readEntries<T>(path: string): T[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as T);
}
