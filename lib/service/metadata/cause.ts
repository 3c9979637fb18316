import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  EventRecord,
  FactMetadata,
  FactStore,
  MaybePromise,
} from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';

/** The metadata of the facts that one call of a handler is given: read at once, when it is first asked for. */
export class HandledMetadata {
  readonly #store: FactStore;
  readonly #facts: readonly EventRecord[];
  #known: MaybePromise<ReadonlyMap<bigint, FactMetadata | null>> | undefined;

  constructor(store: FactStore, facts: readonly EventRecord[]) {
    this.#store = store;
    this.#facts = facts;
  }

  /** @throws InvalidOptionsError where the store keeps none */
  of(number: bigint): MaybePromise<FactMetadata | null> {
    const known = (this.#known ??= this.#read());
    return 'then' in known
      ? known.then((found) => this.#from(found, number))
      : this.#from(known, number);
  }

  #read(): MaybePromise<ReadonlyMap<bigint, FactMetadata | null>> {
    const numbers = this.#facts.map(({ sequence_number }) => sequence_number);
    const found = metadataReaderOf(this.#store).of(numbers);
    const byNumber = (all: readonly (FactMetadata | null)[]): Map<bigint, FactMetadata | null> =>
      new Map(all.map((metadata, index) => [numbers[index]!, metadata]));
    if (Array.isArray(found)) return byNumber(found);
    const reading = found.then(byNumber);
    // The next call tries again.
    reading.catch(() => (this.#known = undefined));
    return reading;
  }

  #from(
    known: ReadonlyMap<bigint, FactMetadata | null>,
    number: bigint,
  ): MaybePromise<FactMetadata | null> {
    const found = known.get(number);
    return found === undefined ? metadataOfFact(this.#store, number) : found;
  }
}

/** What is being handled where an append is made. */
export interface Cause {
  readonly store: FactStore;
  /** The store's name in the application. */
  readonly storeName: string;
  /** The newest of the facts that the call was given. */
  readonly newest: bigint;
  readonly metadata: HandledMetadata;
}

const causes = new AsyncLocalStorage<Cause>();

/** Calls a handler's method: what is appended in its async context follows from the facts that it is given. */
export function insideCause<T>(cause: Cause, call: () => T): T {
  return causes.run(cause, call);
}

/** What the caller follows from, where it is called by a handler. */
export function currentCause(): Cause | undefined {
  return causes.getStore();
}

/** The metadata of one fact. */
export function metadataOfFact(
  store: FactStore,
  number: bigint,
): MaybePromise<FactMetadata | null> {
  const found = metadataReaderOf(store).of([number]);
  return Array.isArray(found) ? (found[0] ?? null) : found.then(([first]) => first ?? null);
}

/** @throws InvalidOptionsError where the store keeps no metadata */
export function metadataReaderOf(
  store: FactStore,
): NonNullable<NonNullable<FactStore['capabilities']>['metadata']> {
  const reader = store.capabilities?.metadata;
  if (reader !== undefined) return reader;
  throw new InvalidOptionsError(
    'Metadata needs a store that keeps it (capabilities.metadata); this custom store does not. Leave it out.',
  );
}
