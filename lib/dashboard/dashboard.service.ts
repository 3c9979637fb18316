import { Inject, Injectable } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnModuleDestroy,
} from '@nestjs/common';
import type { ContextIndexProgress } from '../context-index/progress.js';
import type { MaybePromise } from '../contract/contract.types.js';
import { InvalidOptionsError } from '../contract/errors.js';
import { FactstrProjections } from '../module/factstr-projections.js';
import { OpenStores } from '../module/stores/stores.registry.js';
import { errorCode } from '../projections/failures.js';
import { PROBLEM_KINDS, problemsOf } from '../projections/problems.js';
import type { ProjectionStatus } from '../projections/status.js';
import type { FactstrStore } from '../service/factstr-store.js';
import { logOf, reachLog } from '../streams/store-face.js';
import { within } from '../support/async/turns.js';
import { batchOf } from './batch-of.js';
import type { BatchRange } from './batch-of.js';
import { Rates, SAMPLE_EVERY } from './rates.js';

export const DASHBOARD_OPTIONS = Symbol('nestjs-factstr:dashboard-options');

/** How long a store's log is asked for, in milliseconds: servers that hang do not hold the page up. */
const MAX_REACH_MS = 2_000;

/** A store of this package with an index. */
interface IndexedStore {
  contextIndex(): MaybePromise<ContextIndexProgress>;
}

/** What the page tells of the application: its stores and projections, and what they did in the last hour. */
@Injectable()
export class DashboardService
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  readonly rates = new Rates();
  readonly #ended = new AbortController();
  readonly #stores: OpenStores;
  readonly projections: FactstrProjections;
  #timer: NodeJS.Timeout | undefined;
  #isSampling = false;

  constructor(
    @Inject(OpenStores) stores: OpenStores,
    @Inject(FactstrProjections) projections: FactstrProjections,
  ) {
    this.#stores = stores;
    this.projections = projections;
  }

  /** Aborts when the application shuts down. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_EVERY);
    this.#timer.unref();
    void this.#sample();
  }

  onModuleDestroy(): void {
    this.#end();
  }

  beforeApplicationShutdown(): void {
    this.#end();
  }

  /** The names of the application's stores. */
  get stores(): string[] {
    return this.#stores.all().map(({ name }) => name);
  }

  /** @throws InvalidOptionsError when the application has no such store */
  store(name: string): FactstrStore {
    const store = this.#stores.find(name);
    if (store !== undefined) return store.service;
    throw new InvalidOptionsError(
      `There is no store ${JSON.stringify(name)}; there are ${this.stores.join(', ')}.`,
    );
  }

  /** Where a store keeps its facts, and on NATS what it answers from. Without paths and addresses. */
  placeOf(name: string): string {
    const options = this.#stores.find(name)?.options;
    if (options === undefined) return '';
    if (options.provider !== 'nats') return PLACES[options.provider];
    const { stream, view = 'memory' } = options;
    return `${PLACES.nats}, stream ${stream}, view ${view === 'memory' ? 'in memory' : 'in a file'}`;
  }

  /** Why the log of a store that answers from a copy of it cannot be reached; `undefined` where it can. */
  async away(name: string): Promise<string | undefined> {
    const raw = this.#stores.find(name)?.raw;
    if (raw === undefined) return undefined;
    try {
      const isReached = await within(MAX_REACH_MS, reachLog(raw));
      return isReached ? undefined : `no answer within ${MAX_REACH_MS} ms`;
    } catch (error) {
      return errorCode(error) ?? 'unknown error';
    }
  }

  /** The facts that were appended together with one; `undefined` where the store does not tell. */
  async batchOf(name: string, number: bigint): Promise<BatchRange | undefined> {
    const raw = this.#stores.find(name)?.raw;
    const log = raw && logOf(raw);
    return log && batchOf(log, number);
  }

  /** How much of a store's log its context index covers; `undefined` where it has none, or does not tell. */
  async indexed(name: string): Promise<ContextIndexProgress | undefined> {
    const raw = this.#stores.find(name)?.raw as Partial<IndexedStore> | undefined;
    if (typeof raw?.contextIndex !== 'function') return undefined;
    return raw.contextIndex();
  }

  /** The statuses of the projections of these stores, those first that an operator should see first. */
  async statuses(stores: readonly string[]): Promise<ProjectionStatus[]> {
    const all = await Promise.all(stores.map((store) => this.projections.list({ store })));
    return all
      .flat()
      .toSorted(
        (one, other) =>
          urgencyOf(one) - urgencyOf(other) ||
          one.name.localeCompare(other.name) ||
          one.version - other.version,
      );
  }

  async #sample(): Promise<void> {
    if (this.#isSampling || this.#ended.signal.aborted) return;
    this.#isSampling = true;
    try {
      const stores = [...this.#stores.all()];
      // Cursors beside a log that is away would be waited for.
      for (const { raw } of stores) await reachLog(raw);
      const statuses = await this.projections.list();
      const heads = new Map<string, bigint>();
      for (const { name, service } of stores) heads.set(name, await service.head());
      this.rates.add(heads, statuses);
    } catch {
      // A store that cannot be reached leaves a gap in the plots; the page itself tells of it.
    } finally {
      this.#isSampling = false;
    }
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#ended.abort();
  }
}

const PLACES = {
  memory: 'in memory',
  sqlite: 'SQLite',
  postgres: 'Postgres',
  nats: 'NATS',
  custom: 'a store of the application',
};

/** Whether an operator should look at it. */
export function isProblem(status: ProjectionStatus): boolean {
  return problemsOf(status).length > 0;
}

/** 0 for the worst problem; those without one come last, those that try again before the others. */
function urgencyOf(status: ProjectionStatus): number {
  const [worst] = problemsOf(status);
  if (worst !== undefined) return PROBLEM_KINDS.indexOf(worst);
  return PROBLEM_KINDS.length + (status.state === 'retrying' ? 0 : 1);
}
