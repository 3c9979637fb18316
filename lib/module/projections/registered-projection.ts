import type { Logger } from '@nestjs/common';
import type { EventQuery, EventRecord, FactStore } from '../../contract/contract.types.js';
import { DEFAULT_RETRY_POLICY } from '../../support/async/back-off.js';
import type { ProjectionCommit } from '../../projections/delivery/commit.js';
import { describeError, stackOf } from '../../support/describe-error.js';
import { makeRunner } from '../../projections/runner/make-runner.js';
import type {
  Projection,
  ProjectionCall,
  ProjectionObserver,
} from '../../projections/projection.js';
import type { ProjectionPolicy, ProjectionStatus } from '../../projections/status.js';
import { readStatus } from '../../projections/runner/read-status.js';
import type { Runner } from '../../projections/runner/runner.js';
import { cursorName } from '../../cursors/cursor-name.js';
import type { RecordedIntervention, CursorStore } from '../../cursors/cursor-store.js';
import type { FactStoreLimits } from '../../contract/limits.js';
import { MAX_TIMER_MS } from '../../contract/numbers.js';
import type { FactstrStore } from '../../service/factstr-store.js';
import { HandledMetadata, insideCause } from '../../service/metadata/cause.js';
import { keepsIdsForEver, limitsOf, logOf, newestFor } from '../../streams/store-face.js';
import type { FactHandler } from '../handlers/fact-handler.js';
import { Reactions } from './reactions.js';
import type { FactstrCommonOptions } from '../factstr.options.js';
import { callAround } from '../handlers/handler-call.js';
import type { Invoke } from '../handlers/handler-call.js';
import type { DurableMetadata } from '../handlers/handler-metadata.js';
import type { ProjectionContext } from '../handlers/handler-types.js';
import { messages } from '../messages.js';
import type { Follower } from '../waits.js';

/** One `@DurableProjection` with its runner. */
export class RegisteredProjection implements Follower {
  readonly name: string;
  readonly version: number;
  readonly storeName: string;
  readonly label: string;
  readonly runner: Runner;
  readonly #store: FactStore;
  readonly #service: FactstrStore;
  readonly #handler: FactHandler;
  readonly #reactions: Reactions;
  readonly #query: EventQuery;
  readonly #policy: ProjectionPolicy;
  /** Whether effects and cursor are one transaction. */
  readonly transactional: boolean;
  #rehearsed: Projection['batch'];

  constructor(
    store: FactStore,
    storeName: string,
    handler: FactHandler,
    metadata: DurableMetadata,
    options: FactstrCommonOptions,
    logger: Logger,
    service: FactstrStore,
    commits?: ProjectionCommit,
  ) {
    const { name, version = 1 } = metadata.options;
    this.name = name;
    this.version = version;
    this.storeName = storeName;
    this.label = handler.label;
    this.#store = store;
    this.#service = service;
    this.#handler = handler;
    this.#query = metadata.query;
    const limits = limitsOf(store, options.limits);
    this.#reactions = this.#reactionsOf(metadata, service, limits, commits);
    this.transactional = commits?.transactional ?? false;
    const projection = this.#projection(metadata, options, commits?.defaultTimeout);
    this.#policy = {
      onFailure: projection.onFailure,
      maxAttempts: projection.retry.maxAttempts,
      timeout: projection.timeout,
      transactional: this.transactional,
      batch: projection.batch ?? null,
    };
    this.runner = makeRunner(store, projection, this.#observer(projection, logger), {
      limits,
      ...(commits === undefined ? {} : { commits }),
    });
  }

  /** The fact store's, which need not have this projection's cursor; absent on stores with the contract only. */
  get cursorStore(): CursorStore | undefined {
    return logOf(this.#store)?.cursorStore;
  }

  /** `active`: whether reads are to use this version. */
  status(active: boolean): Promise<ProjectionStatus> {
    const { storeName: store, name, version, label: handler, query } = this;
    const policy = this.#policy;
    return readStatus(
      { store, name, version, active, handler, query, policy },
      this.runner,
      this.#store,
    );
  }

  /** The stored cursor's position, as far as it can be read. */
  async position(): Promise<bigint | null> {
    return (await this.runner.stored())?.position ?? this.runner.state.storedPosition;
  }

  get ended(): boolean {
    return this.runner.ended;
  }

  newest(): Promise<bigint> {
    return newestFor(this.#store, this.#query);
  }

  async describe(target: bigint | null): Promise<string> {
    return messages.laggard(await this.status(false), target);
  }

  /** The interventions of this version, and the switches between versions of its name; oldest first. */
  async interventions(): Promise<RecordedIntervention[]> {
    const own = await this.runner.interventions();
    const ofName = (await this.cursorStore?.interventions(this.name)) ?? [];
    return [
      ...own.filter(({ verb }) => !isSwitch(verb)),
      ...ofName.filter(({ verb }) => isSwitch(verb)),
    ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  }

  /** The facts that it gets. */
  get query(): EventQuery {
    return this.#query;
  }

  /** Whether its class has an `onReset`, which clears the read model. */
  get clears(): boolean {
    return typeof (this.#handler.holder as { onReset?: unknown }).onReset === 'function';
  }

  /** For a test: from now on as many facts a call at the most, across batches; `null`: as its options say. */
  rehearse(maxFacts: number | null): void {
    this.#rehearsed = maxFacts === null ? undefined : { maxFacts, maxWait: 0 };
  }

  /** Lets the class clear its read model. */
  async reset(manager: unknown): Promise<void> {
    const { onReset } = this.#handler.holder as { onReset?: (manager: unknown) => unknown };
    await onReset?.call(this.#handler.holder, manager);
  }

  #projection(
    { options, query }: DurableMetadata,
    defaults: FactstrCommonOptions,
    defaultTimeout = 30_000,
  ): Projection {
    const { around } = defaults;
    const raw = this.#store;
    const { name: projection, version, storeName: store } = this;
    const { maxAttempts = defaults.maxAttempts, timeout = defaults.timeout } = options;
    const { batch: asked } = options;
    const own = asked && { maxFacts: asked.maxFacts, maxWait: asked.maxWait ?? 0 };
    const batch = (): Projection['batch'] => this.#rehearsed ?? own;
    return {
      name: cursorName(options),
      query,
      onFailure: options.onFailure ?? 'pause',
      timeout: timeout ?? defaultTimeout,
      retry: { ...DEFAULT_RETRY_POLICY, ...(maxAttempts === undefined ? {} : { maxAttempts }) },
      ...(options.startFrom === undefined ? {} : { startFrom: options.startFrom }),
      get batch() {
        return batch();
      },
      handle: (call) => {
        const metadata = new HandledMetadata(raw, call.facts);
        const invoke: Invoke<ProjectionContext> = (handler, facts, context, method) => {
          const newest = facts.at(-1)!.sequence_number;
          return insideCause({ store: raw, storeName: store, newest, metadata }, () =>
            callAround(
              around,
              { kind: 'projection', store, handler, projection, version, facts, context },
              method,
            ),
          );
        };
        const apply = (): Promise<unknown> =>
          this.#handler.call(
            call.facts,
            this.#context(call, metadata),
            invoke,
            (fact, handler, signal) => this.#reactions.to(fact.sequence_number, handler, signal),
          );
        const observed = this.#service.observed;
        if (observed === undefined) return apply();
        return observed.handling(
          {
            kind: 'projection',
            store,
            handler: this.label,
            projection: cursorName(options),
            facts: call.facts,
            attempt: call.attempt,
            metadataOf: ({ sequence_number }) => metadata.of(sequence_number),
          },
          apply,
        );
      },
      began: () => this.#reactions.began(),
      movingBack: () => this.#reactions.movingBack(),
      clear: (manager) => this.reset(manager),
    };
  }

  #reactionsOf(
    { options }: DurableMetadata,
    service: FactstrStore,
    limits: FactStoreLimits,
    commits: ProjectionCommit | undefined,
  ): Reactions {
    const { name, version } = this;
    const facts = keepsIdsForEver(this.#store) ? this.cursorStore : undefined;
    return new Reactions(
      service,
      limits,
      {
        name,
        version,
        cursorOf: (of) => cursorName({ name, version: of }),
        repeats: options.reactions === 'repeat',
        declared: options.reactions !== undefined,
      },
      facts && { facts, own: commits?.cursorStore ?? facts },
    );
  }

  #observer({ retry }: Projection, logger: Logger): ProjectionObserver {
    const subject = `Projection "${this.name}" (${this.label})`;
    return {
      failed: (facts: readonly EventRecord[], attempt, error) =>
        logger.error(
          `${subject} failed on fact ${facts[0]!.sequence_number}, attempt ${attempt}${retry.maxAttempts === MAX_TIMER_MS ? '' : ` of ${retry.maxAttempts}`}: ${describeError(error)}`,
          stackOf(error),
        ),
      changed: (state, reason, failure) => {
        const line = `${subject} is ${state}${reason === null ? '' : `: ${reason}`}`;
        if (!failure) logger.debug(line);
        else if (state === 'retrying') logger.warn(line);
        else logger.error(line);
      },
      moved: (what) => logger.warn(what),
      accepted: (what) => logger.log(what),
      parked: (sequenceNumber, error) =>
        logger.error(`${subject} parked fact ${sequenceNumber}: ${error}`),
    };
  }

  #context(call: ProjectionCall, metadata: HandledMetadata): ProjectionContext {
    return {
      projection: this.name,
      version: this.version,
      store: this.storeName,
      sequenceNumber: call.facts.at(-1)!.sequence_number,
      batchEnds: call.batchEnds,
      attempt: call.attempt,
      replaying: call.replaying,
      get signal() {
        return call.signal;
      },
      manager: call.manager,
      metadataOf: async ({ sequence_number }) => metadata.of(sequence_number),
    };
  }
}

function isSwitch(verb: string): boolean {
  return verb.startsWith('switchTo ');
}
