import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventRecord, FactStore } from '../../contract/contract.types.js';
import { InvalidOptionsError, InvalidStoredFactError } from '../../contract/errors.js';
import type { FactCodec } from '../../contract/fact-codec.js';
import { asynchronous, codecIn, codedOf, walkableOf } from '../../streams/store-face.js';
import { isInstance } from '../../support/describe-error.js';

/**
 * Options of `check`.
 *
 * @publicApi
 */
export interface CheckOptions {
  /** Ends the check; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Facts of one type that cannot be read.
 *
 * @publicApi
 */
export interface UnreadFacts {
  /** As it is stored. */
  readonly event_type: string;
  readonly count: number;
  /** The numbers of the first ones: ten at most. */
  readonly numbers: readonly bigint[];
  /** Where payloads do not fit, as in `$.lines[2].price`: ten places at most. */
  readonly paths: readonly string[];
}

/**
 * What `check` found in the log.
 *
 * @publicApi
 */
export interface FactsCheck {
  /** The newest number that was looked at; 0 for an empty log. */
  readonly head: bigint;
  /** How many facts were looked at. */
  readonly facts: number;
  /** What readers would fail on, by type. Empty: all facts can be read. */
  readonly unread: readonly UnreadFacts[];
  /** Facts of types that have no schema, which are read as they are stored: 100 types at most, the others in `other`. */
  readonly unregistered: readonly { readonly event_type: string; readonly count: number }[];
  /** How many facts are of further types without a schema. */
  readonly other: number;
}

/** Facts read at a time. */
const PAGE_FACTS = 1_000;
const MAX_LISTED = 10;
const MAX_TYPES = 100;

/**
 * Reads the whole log and lists what does not fit its schema.
 *
 * @throws InvalidOptionsError where the store's facts have no schemas
 */
export async function checkFacts(store: FactStore, options: CheckOptions): Promise<FactsCheck> {
  const codec = codecIn(store);
  if (codec === undefined) {
    throw new InvalidOptionsError(
      'check needs schemas to check by: give the store the option facts, with what defineFacts returns.',
    );
  }
  const found = new Findings(codec);
  for await (const fact of storedFacts(store, options.signal)) found.take(fact);
  options.signal?.throwIfAborted();
  return found.report();
}

/** Every fact as it is stored, up to the head as it was at the beginning. */
async function* storedFacts(
  store: FactStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventRecord> {
  const source = walkableOf(store)?.source;
  if (source === undefined) {
    // With the contract only: a store of ours always shows its log.
    const { stored } = codedOf(store)!;
    yield* (await asynchronous(stored).query({ filters: null })).event_records;
    return;
  }
  const head = await source.head();
  for (let after = 0n; after < head;) {
    signal?.throwIfAborted();
    const batches = await source.readBatches(after, PAGE_FACTS);
    if (batches.length === 0) return;
    for (const { event_records } of batches) yield* event_records;
    after = batches.at(-1)!.last_sequence_number;
    // A synchronous store reads on without giving up the event loop.
    await nextTurn();
  }
}

interface Unread {
  count: number;
  readonly numbers: bigint[];
  readonly paths: Set<string>;
}

class Findings {
  readonly #codec: FactCodec;
  readonly #unread = new Map<string, Unread>();
  readonly #unregistered = new Map<string, number>();
  #other = 0;
  #head = 0n;
  #facts = 0;

  constructor(codec: FactCodec) {
    this.#codec = codec;
  }

  take(fact: EventRecord): void {
    this.#facts++;
    this.#head = fact.sequence_number;
    if (!this.#codec.knows(fact.event_type)) return this.#countType(fact.event_type);
    try {
      this.#codec.decode(fact);
    } catch (error) {
      if (!isInstance(error, InvalidStoredFactError)) throw error;
      this.#addUnread(fact, error);
    }
  }

  report(): FactsCheck {
    return {
      head: this.#head,
      facts: this.#facts,
      unread: [...this.#unread].map(([event_type, { count, numbers, paths }]) => ({
        event_type,
        count,
        numbers,
        paths: [...paths],
      })),
      unregistered: [...this.#unregistered].map(([event_type, count]) => ({ event_type, count })),
      other: this.#other,
    };
  }

  #countType(type: string): void {
    const count = this.#unregistered.get(type);
    if (count === undefined && this.#unregistered.size >= MAX_TYPES) this.#other++;
    else this.#unregistered.set(type, (count ?? 0) + 1);
  }

  #addUnread(
    { event_type, sequence_number }: EventRecord,
    { paths }: InvalidStoredFactError,
  ): void {
    const unread = this.#unread.get(event_type) ?? { count: 0, numbers: [], paths: new Set() };
    this.#unread.set(event_type, unread);
    unread.count++;
    if (unread.numbers.length < MAX_LISTED) unread.numbers.push(sequence_number);
    for (const path of paths) if (unread.paths.size < MAX_LISTED) unread.paths.add(path);
  }
}
