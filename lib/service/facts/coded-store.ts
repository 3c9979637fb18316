import type {
  AppendIfResult,
  AppendOptions,
  AppendResult,
  DurableStream,
  EventQuery,
  EventStreamSubscription,
  FactStore,
  MaybePromise,
  NewEvent,
  QueryResult,
  StoreCapabilities,
  StorePromises,
  StreamHandler,
} from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { decoded, translated } from '../../contract/fact-codec.js';
import type { FactCodec } from '../../contract/fact-codec.js';
import { copyJson } from '../../contract/json-value.js';
import type { JsonValue } from '../../contract/json-value.js';
import type { FactStoreLimitOptions, FactStoreLimits } from '../../contract/limits.js';
import { prepareFacts, prepareQuery } from '../../contract/validation.js';
import { codecOf } from '../../facts/schemas/fact-schemas.js';
import type { FactSchemas } from '../../facts/schemas/fact-schemas.js';
import { isThenable } from '../../support/async/is-thenable.js';
import type { LogSource } from '../../streams/log-source.js';
import {
  asynchronous,
  closeStore,
  codecIn,
  limitsOf,
  logOf,
  ownOf,
} from '../../streams/store-face.js';
import type { BypassedMethod, Coded, OwnCapabilities, OwnStore } from '../../streams/store-face.js';

/**
 * A store of the application's own with a codec in front of it. It can do all that the store can: what leads past its
 * methods (its promises, its log, the store of ours that it wraps) is handed on with the codec as well.
 */
export class CodedStore implements FactStore, Coded {
  readonly stored: FactStore;
  readonly codec: FactCodec;
  readonly capabilities: StoreCapabilities;
  readonly queryPage: StorePromises['queryPage'];
  readonly #limits: FactStoreLimits;

  /** @throws InvalidOptionsError where the store has a codec already */
  constructor(store: FactStore, codec: FactCodec, limits: FactStoreLimits) {
    if (codecIn(store) !== undefined) {
      throw new InvalidOptionsError(
        'The store has facts of its own, and the option facts gives some as well. Give them all in one place.',
      );
    }
    this.stored = store;
    // The store may keep what it returns: the codec gets copies.
    this.codec = {
      translate: (query) => codec.translate(query),
      decode: (fact) => codec.decode({ ...fact, payload: copyJson(fact.payload as JsonValue) }),
      knows: (type) => codec.knows(type),
      admit: (facts, events) => codec.admit(facts, events),
      checks: codec.checks,
    };
    this.#limits = limits;
    const promises = this.#promises(asynchronous(store));
    if (promises.queryPage !== undefined) {
      this.queryPage = (...asked) => promises.queryPage!(...asked);
    }
    const own = ownOf(store);
    const capabilities: StoreCapabilities = { ...store.capabilities, promises };
    const withOwn = (inner: OwnStore): OwnCapabilities => ({
      ...capabilities,
      own: this.#own(inner, promises),
    });
    this.capabilities = own === undefined ? capabilities : withOwn(own);
  }

  /** Where the store shows one. Its facts are the stored ones. */
  get log(): LogSource | undefined {
    return logOf(this.stored);
  }

  append(events: NewEvent[], options?: AppendOptions): MaybePromise<AppendResult> {
    return this.stored.append(this.#admitted(events), ...given(options));
  }

  query(query: EventQuery): MaybePromise<QueryResult> {
    return this.#read(this.stored.query(this.asStored(query)));
  }

  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
    options?: AppendOptions,
  ): MaybePromise<AppendIfResult> {
    const admitted = this.#admitted(events);
    const context = this.asStored(query);
    return this.stored.appendIf(admitted, context, expectedContextVersion, ...given(options));
  }

  streamAll(handle: StreamHandler): EventStreamSubscription {
    return this.stored.streamAll(this.#decoding(handle));
  }

  streamTo(query: EventQuery, handle: StreamHandler): EventStreamSubscription {
    return this.stored.streamTo(this.asStored(query), this.#decoding(handle));
  }

  streamAllDurable(
    stream: DurableStream,
    handle: StreamHandler,
  ): MaybePromise<EventStreamSubscription> {
    return this.stored.streamAllDurable(stream, this.#decoding(handle));
  }

  streamToDurable(
    stream: DurableStream,
    query: EventQuery,
    handle: StreamHandler,
  ): MaybePromise<EventStreamSubscription> {
    return this.stored.streamToDurable(stream, this.asStored(query), this.#decoding(handle));
  }

  close(): Promise<void> {
    return closeStore(this.stored);
  }

  asStored(query: EventQuery): EventQuery {
    return translated(prepareQuery(query, this.#limits), this.codec, this.#limits) as EventQuery;
  }

  #promises(face: StorePromises): StorePromises {
    return {
      append: async (events, ...rest) => face.append(this.#admitted(events), ...rest),
      appendIf: async (events, query, ...rest) =>
        face.appendIf(this.#admitted(events), this.asStored(query), ...rest),
      query: async (query, ...rest) => this.#read(face.query(this.asStored(query), ...rest)),
      ...(face.queryPage === undefined
        ? {}
        : {
            queryPage: async (query, ...rest) =>
              this.#read(face.queryPage!(this.asStored(query), ...rest)),
          }),
      close: () => this.close(),
    };
  }

  /** The store of ours that is wrapped: each of its ways in and out, with the codec. */
  #own(own: OwnStore, promises: StorePromises): OwnStore {
    const methodsOf = (store: FactStore): Partial<Record<BypassedMethod, unknown>> => store;
    return {
      log: own.log,
      provider: own.provider,
      ...(own.groupSizes && { groupSizes: own.groupSizes }),
      promises,
      file: own.file,
      ...(own.reach && { reach: () => own.reach!() }),
      codec: this.codec,
      get walkable() {
        return { ...own.walkable, codec: this.codec! };
      },
      isOwn: (name, method) =>
        method !== undefined &&
        method === methodsOf(this)[name] &&
        own.isOwn(name, methodsOf(this.stored)[name]),
      follow: (query, handle, replaced, failed) =>
        own.follow(this.asStored(query), this.#decoding(handle), replaced, failed),
      recordedAppend: (...named) => own.recordedAppend(...named),
      readContexts: (parts, whole, ...rest) => {
        const stored = parts.map((part) => ({ ...part, query: this.asStored(part.query) }));
        return then(own.readContexts(stored, this.asStored(whole), ...rest), (read) => ({
          ...read,
          parts: read.parts.map((part) => ({
            ...part,
            event_records: part.event_records.map((fact) => this.codec.decode(fact)),
          })),
        }));
      },
      closeWithin: (limit) => own.closeWithin(limit),
    };
  }

  /** Copies of the events: what was checked is what is appended. */
  #admitted(events: NewEvent[]): NewEvent[] {
    const facts = prepareFacts(events, this.#limits);
    this.codec.admit(facts, events);
    return facts.map(({ event_type, payload }) => ({ event_type, payload }));
  }

  #read(result: MaybePromise<QueryResult>): MaybePromise<QueryResult> {
    return then(result, (read) => ({
      ...read,
      event_records: read.event_records.map((fact) => this.codec.decode(fact)),
    }));
  }

  #decoding(handle: StreamHandler): StreamHandler {
    return (facts) => handle([...decoded(facts, this.codec)]);
  }
}

/**
 * The store with schemas of its facts in front of it.
 *
 * @throws InvalidSchemaError, InvalidOptionsError
 */
export function withFacts(
  store: FactStore,
  facts: FactSchemas | readonly FactSchemas[] | undefined,
  limits?: FactStoreLimitOptions,
): FactStore {
  const codec = codecOf(facts);
  return codec === undefined ? store : new CodedStore(store, codec, limitsOf(store, limits));
}

/** A store may look at how many arguments it got. */
function given(options: AppendOptions | undefined): AppendOptions[] {
  return options === undefined ? [] : [options];
}

function then<T, R>(value: MaybePromise<T>, map: (value: T) => R): MaybePromise<R> {
  return isThenable(value) ? value.then(map) : map(value);
}
