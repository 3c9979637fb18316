import { isPromise } from 'node:util/types';
import type { FactMetadata, FactStore, MaybePromise } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { isSequenceNumber } from '../../contract/limits.js';
import type { PostgresAppendOptions } from '../../stores/postgres/append/append-inside.js';
import { isSameStore } from '../../streams/store-face.js';
import { currentCause, metadataOfFact, metadataReaderOf } from './cause.js';
import type { Cause } from './cause.js';

/**
 * Options of an append by `FactstrStore`.
 *
 * @publicApi
 */
export interface FactAppendOptions extends PostgresAppendOptions {
  /**
   * The fact that the append follows from: its number becomes `causation_id`, and its `correlation_id` is handed on.
   * Default, inside a handler: the newest fact that the handler is given. Outside of handlers it is one of this store.
   */
  causedBy?: { readonly sequence_number: bigint } | bigint | undefined;
}

/**
 * What every append of a store has besides its facts; see `FactMetadata`.
 *
 * @publicApi
 */
export interface AppendMetadataOptions {
  /**
   * Gives the metadata of each append that is made by `FactstrStore`: called at the call, in the caller's async context
   * (request, CLS). What a handler's call hands on comes after it, and the append's own `metadata` last.
   */
  metadata?: (() => FactMetadata | null | undefined) | undefined;
}

/** Completes the metadata of appends: the store's, then what is handed on inside a handler, then the append's own. */
export class AppendMetadata {
  readonly #store: FactStore;
  readonly #common: (() => unknown) | undefined;
  /** What an observer keeps, in the caller's context. */
  #observed: (() => FactMetadata | undefined) | undefined;

  /** @throws InvalidOptionsError */
  constructor(store: FactStore, { metadata }: AppendMetadataOptions = {}) {
    if (metadata !== undefined) {
      if (typeof metadata !== 'function') {
        throw new InvalidOptionsError(
          'The option metadata is a function that returns an object such as { user: … }.',
        );
      }
      metadataReaderOf(store);
    }
    this.#store = store;
    this.#common = metadata;
  }

  /** A store that keeps no metadata keeps none of it. */
  observe(observed: () => FactMetadata | undefined): void {
    if (this.#store.capabilities?.metadata !== undefined) this.#observed = observed;
  }

  /**
   * The options as the store takes them. A promise only where the handled fact's metadata is to be read first.
   *
   * @throws InvalidOptionsError
   */
  complete<O extends FactAppendOptions>(options: O | undefined): MaybePromise<O | undefined> {
    const cause = currentCause();
    const isNamed = options?.causedBy !== undefined;
    const observed = this.#observed?.();
    if (cause === undefined && this.#common === undefined && !isNamed && !observed) return options;
    if (options !== undefined && (typeof options !== 'object' || options === null)) return options;
    const { causedBy, ...rest } = options ?? ({} as O);
    const given = objectOf(rest.metadata, 'The metadata of the append');
    const common = objectOf(this.#common?.(), "What the store's option metadata returned");
    const merged = (handed: FactMetadata): O => {
      const metadata = { ...observed, ...common, ...handed, ...given };
      if (Object.keys(metadata).length === 0) return rest as O;
      return { ...(rest as O), metadata };
    };
    const handed = this.#handedOn(cause, causedBy, given);
    return isPromise(handed) ? handed.then(merged) : merged(handed);
  }

  /** What follows from the handled fact, or from the one that is named. */
  #handedOn(
    cause: Cause | undefined,
    named: FactAppendOptions['causedBy'],
    given: FactMetadata,
  ): MaybePromise<FactMetadata> {
    // A custom store may keep none: its handlers append as they did.
    if (named === undefined && this.#store.capabilities?.metadata === undefined) return {};
    metadataReaderOf(this.#store);
    const number = named === undefined ? cause?.newest : numberOf(named);
    if (number === undefined) return {};
    const isOwn = cause === undefined || isSameStore(cause.store, this.#store);
    const causation: FactMetadata =
      'causation_id' in given
        ? {}
        : {
            causation_id: String(number),
            ...(isOwn ? {} : { causation_store: cause.storeName }),
          };
    if ('correlation_id' in given || (cause && !cause.store.capabilities?.metadata)) {
      return causation;
    }
    const read = cause?.metadata.of(number) ?? metadataOfFact(this.#store, number);
    const handed = (of: FactMetadata | null): FactMetadata =>
      of?.correlation_id === undefined
        ? causation
        : { ...causation, correlation_id: of.correlation_id };
    return isPromise(read) ? read.then(handed) : handed(read);
  }
}

/** @throws InvalidOptionsError where members of the value would be lost, or made up */
function objectOf(value: unknown, what: string): FactMetadata {
  if (value === undefined || value === null) return {};
  const isObject = typeof value === 'object' && !Array.isArray(value);
  if (isObject && !('then' in value)) {
    // A member that is undefined is left out, and takes no other one's place.
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members) as FactMetadata;
  }
  const kind = isObject ? 'a promise' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  throw new InvalidOptionsError(
    `${what} is ${kind}; expected an object such as { user: … }. Nothing was written.`,
  );
}

/** @throws InvalidOptionsError */
function numberOf(named: NonNullable<FactAppendOptions['causedBy']>): bigint {
  const number: unknown = typeof named === 'object' ? named?.sequence_number : named;
  if (isSequenceNumber(number) && number > 0n) return number;
  throw new InvalidOptionsError(
    'The option causedBy is a fact, or the number of one. Nothing was written.',
  );
}
