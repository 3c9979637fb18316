import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Call, Delivery, Outcome, RecordedCall } from './history.types.js';
import { outcomeOf } from './recorded-outcome.js';
import type { RecordedStore } from './recorded-outcome.js';

/** A line before each call and one after it, so that a process that is killed leaves what it had begun. */
type Line =
  | { readonly id: string; readonly client: string; readonly start: number; readonly call: Call }
  | { readonly id: string; readonly end: number; readonly outcome: Outcome }
  | { readonly stream: string; readonly delivery: Delivery };

/** Writes what is asked of a store, what it answers and what its streams deliver to a file of JSON lines. */
export class Recorder {
  readonly #file: number;
  readonly #name: string;
  #calls = 0;

  /** `name` tells this process's calls from those that other processes record, also in other files. */
  constructor(file: string, name: string) {
    this.#file = openSync(file, 'a');
    this.#name = name;
  }

  /** Makes the call on the store, and resolves with its outcome; never rejects for an error of the store's. */
  async make(client: string, store: RecordedStore, call: Call): Promise<Outcome> {
    const id = `${this.#name}-${++this.#calls}`;
    this.#write({ id, client, start: now(), call });
    const outcome = await outcomeOf(store, call);
    this.#write({ id, end: now(), outcome });
    return outcome;
  }

  /** To be called by a stream's handler when it succeeds. */
  delivered(stream: string, delivery: Delivery): void {
    this.#write({ stream, delivery });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** The recorded calls of these files, in the order of their starts. */
export function readCalls(files: readonly string[]): RecordedCall[] {
  const calls = new Map<string, RecordedCall>();
  for (const line of files.flatMap(readLines)) {
    if ('call' in line) {
      const { client, start, call } = line;
      calls.set(line.id, { client, start, call });
    } else if ('outcome' in line) {
      const { end, outcome } = line;
      calls.set(line.id, { ...calls.get(line.id)!, end, outcome });
    }
  }
  return [...calls.values()].sort((a, b) => a.start - b.start);
}

/** What the stream of that name was given, by one file. */
export function readDeliveries(file: string, stream: string): Delivery[] {
  return readLines(file).flatMap((line) =>
    'stream' in line && line.stream === stream ? [line.delivery] : [],
  );
}

/** Microseconds of the machine's monotonic clock, which all its processes share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1_000;
}

function readLines(file: string): Line[] {
  // What follows the last line's end was cut off by a kill.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((text) => JSON.parse(text) as Line);
}
