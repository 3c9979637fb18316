import { Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import type { EventQuery, EventRecord, FactMetadata } from '../contract/contract.types.js';
import { DurableProjection } from '../module/handlers/durable-projection.decorator.js';
import type { ProjectionContext } from '../module/handlers/handler-types.js';
import type { FactstrProjections } from '../module/factstr-projections.js';
import { DEFAULT_STORE } from '../module/factstr.tokens.js';
import type { OpenStores } from '../module/stores/stores.registry.js';
import { MAX_TIMER_MS } from '../contract/numbers.js';
import { toEventQuery } from '../facts/fact-query.js';
import { pause, retryDelay } from '../support/async/turns.js';
import { worksBehindProxy } from '../support/behind-proxy.js';
import { describeError, isInstance } from '../support/describe-error.js';
import { toCloudEvent } from './cloud-event.js';
import type { RelayIdentity, RelayTarget, RelayedFact } from './relay-target.js';
import { TargetBehindError, TargetUnavailableError } from './relay.errors.js';
import { checkRelayOptions } from './relay.options.js';
import type { FactstrRelayExtras, FactstrRelayOptions } from './relay.options.js';
import { missingAfter } from './target-check.js';

const DEFAULT_MAX_FACTS = 500;
/** For how long one call waits for a target that cannot be reached, before it counts as a failed attempt. */
const MAX_OPEN_WAIT_MS = 5_000;

/** Sends the facts of one projection's calls to one target. */
export class FactstrRelay implements OnModuleDestroy {
  readonly #logger = new Logger('FactstrRelay');
  readonly #identity: RelayIdentity;
  readonly #store: string;
  readonly #query: EventQuery;
  readonly #startFrom: FactstrRelayOptions['startFrom'];
  readonly #target: RelayTarget;
  readonly #stores: OpenStores;
  readonly #projections: FactstrProjections;
  /** The newest number that the target is known to have; `undefined` while the target is to be opened, and asked. */
  #sent: bigint | undefined;

  constructor(
    { name, store = DEFAULT_STORE }: FactstrRelayExtras,
    { query, source = `/${encodeURI(store)}`, startFrom, target }: FactstrRelayOptions,
    stores: OpenStores,
    projections: FactstrProjections,
  ) {
    worksBehindProxy(this);
    this.#identity = { name, source };
    this.#store = store;
    this.#query = toEventQuery(query);
    this.#startFrom = startFrom;
    this.#target = target();
    this.#stores = stores;
    this.#projections = projections;
  }

  /** Called by the projection. Resolves when the target has acknowledged every fact. */
  async relay(facts: readonly EventRecord[], context: ProjectionContext): Promise<void> {
    const events = await this.#eventsOf(facts, context);
    const { signal } = context;
    for (;;) {
      const before = (this.#sent ??= await this.#open(facts[0]!.sequence_number, signal));
      const rest = events.filter(({ fact }) => fact.sequence_number > before);
      try {
        if (rest.length > 0) await this.#target.send(rest, signal);
        this.#sent = context.sequenceNumber > before ? context.sequenceNumber : before;
        return;
      } catch (error) {
        this.#sent = undefined;
        if (signal.aborted || !isInstance(error, TargetUnavailableError)) throw error;
        // What the target has of them is not sent again: as long as there is more of it each time, this goes on.
        this.#sent = await this.#open(facts[0]!.sequence_number, signal);
        if (this.#sent <= before) {
          this.#sent = undefined;
          throw error;
        }
      }
    }
  }

  /** Handlers are drained by then. */
  async onModuleDestroy(): Promise<void> {
    try {
      await this.#target.close();
    } catch (error) {
      this.#logger.warn(
        `Closing the target ${this.#target.label} of the relay ${JSON.stringify(this.#identity.name)} failed: ${describeError(error)}`,
      );
    }
  }

  async #eventsOf(
    facts: readonly EventRecord[],
    context: ProjectionContext,
  ): Promise<RelayedFact[]> {
    const { source } = this.#identity;
    const { batchEnds } = context;
    const keepsMetadata = this.#stores.find(this.#store)?.raw.capabilities?.metadata !== undefined;
    const events: RelayedFact[] = [];
    let end = 0;
    for (const fact of facts) {
      while (end < batchEnds.length - 1 && batchEnds[end]! < fact.sequence_number) end++;
      const batchEnd = batchEnds[end] ?? fact.sequence_number;
      const metadata: FactMetadata | null = keepsMetadata ? await context.metadataOf(fact) : null;
      events.push({ fact, event: toCloudEvent(fact, { source, batchEnd, metadata }) });
    }
    return events;
  }

  /** Opens the target, and resolves with the newest number that it has. */
  async #open(first: bigint, signal: AbortSignal): Promise<bigint> {
    await this.#reach(signal);
    const last = await this.#target.lastSent?.(signal);
    if (last === undefined) return 0n;
    const { service } = this.#stores.find(this.#store)!;
    const missing = await missingAfter(last, {
      service,
      query: this.#query,
      before: first,
      startFrom: this.#startFrom,
      target: this.#target.label,
    });
    const sent = last === null ? 0n : BigInt(last.id);
    if (missing === undefined) return sent;
    // Takes effect when this call has ended.
    await this.#projections.reset(this.#identity.name, missing, {
      store: this.#store,
      by: 'the relay',
    });
    throw new TargetBehindError(
      `The target ${this.#target.label} ends at fact ${sent}, though facts before ${first} were sent: it lost them, or is a new one. The relay goes back to fact ${missing}, and sends them again.`,
    );
  }

  /** A target that is away for a moment only is waited for. */
  async #reach(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + MAX_OPEN_WAIT_MS;
    for (let failures = 0; ; failures++) {
      try {
        return await this.#target.open(this.#identity, signal);
      } catch (error) {
        const isOver = performance.now() > deadline || signal.aborted;
        if (isOver || !isInstance(error, TargetUnavailableError)) throw error;
        await pause(retryDelay(failures), signal);
      }
    }
  }
}

/**
 * The relay with its projection: an instance of a class of its own, so that each relay's method has a decorator of its
 * own.
 *
 * @throws InvalidOptionsError
 */
export function makeRelay(
  extras: FactstrRelayExtras,
  options: FactstrRelayOptions,
  stores: OpenStores,
  projections: FactstrProjections,
): FactstrRelay {
  checkRelayOptions(extras.name, options);
  const { name, store } = extras;
  const { startFrom, maxFacts = DEFAULT_MAX_FACTS, timeout } = options;
  // Where order counts, a fact that is not taken is waited for, not given up.
  const { maxAttempts = MAX_TIMER_MS } = options;
  const Relay = class FactstrRelayProjection extends FactstrRelay {
    send(facts: EventRecord[], context: ProjectionContext): Promise<void> {
      return this.relay(facts, context);
    }
  };
  const { prototype } = Relay;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'send')!;
  const query = toEventQuery(options.query);
  DurableProjection({
    name,
    store,
    query,
    startFrom,
    maxAttempts,
    timeout,
    batch: { maxFacts },
    onFailure: 'pause',
  })(prototype, 'send', descriptor as never);
  return new Relay(extras, options, stores, projections);
}
