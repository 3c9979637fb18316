import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { InvalidOptionsError } from '../contract/errors.js';
import { FactstrProjections } from '../module/factstr-projections.js';
import { OpenStores } from '../module/stores/stores.registry.js';
import type { OpenStore } from '../module/stores/stores.registry.js';
import type { ProjectionStatus } from '../projections/status.js';
import { reachLog } from '../streams/store-face.js';
import { within } from '../support/async/turns.js';
import { worksBehindProxy } from '../support/behind-proxy.js';
import { errorCode } from '../projections/failures.js';
import { problemsIn } from './health.js';
import type { FactstrHealth } from './health.js';
import { resolveReadyOptions } from './ready.options.js';
import type { FactstrReadyOptions, ResolvedReadyOptions } from './ready.options.js';

/** What a store answered: its newest number, or why it did not. */
type Answer = { readonly head: string } | { readonly down: string };

/**
 * Tells `@nestjs/terminus` how the fact stores and projections of the application fare:
 * ```ts
 * @HealthCheck() ready() { return this.health.check([() => this.factstr.isReady('factstr', { maxAge: 30_000 })]); }
 * @HealthCheck() live()  { return this.health.check([() => this.factstr.isAlive('factstr')]); }
 * ```
 *
 * @publicApi
 */
@Injectable()
export class FactstrHealthIndicator {
  readonly #indicators: HealthIndicatorService;
  readonly #stores: OpenStores;
  readonly #projections: FactstrProjections;
  /** Readings that no answer has come to yet: a database that hangs gets no further ones. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(
    indicators: HealthIndicatorService,
    stores: OpenStores,
    projections: FactstrProjections,
  ) {
    worksBehindProxy(this);
    this.#indicators = indicators;
    this.#stores = stores;
    this.#projections = projections;
  }

  /**
   * Whether the application can work. Down, for which terminus answers 503: a store that cannot be reached, and what
   * `downWhen` names. Degraded, which terminus answers with 200: everything else that an operator should see, since a
   * projection that lags must not take every process out of the load balancer. Before version 12.1 terminus has no such
   * status: it is up then, and its details say `degraded`.
   *
   * @throws InvalidOptionsError, also for a store or projection that the application does not have
   */
  async isReady<const Key extends string>(
    key: Key,
    options: FactstrReadyOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const resolved = resolveReadyOptions(options);
    const stores = this.#selected(resolved.stores);
    const answers = await Promise.all(
      stores.map(async (store) => [store.name, await this.#ask(store, resolved.timeout)] as const),
    );
    const reachable = answers.filter(([, answer]) => 'head' in answer).map(([name]) => name);
    const { statuses, unanswered } = await this.#statuses(reachable, resolved);
    const projections = problemsIn(statuses, resolved);
    const health: FactstrHealth = {
      stores: Object.fromEntries(answers),
      ...(projections.length === 0 ? {} : { projections }),
      ...(unanswered.length === 0 ? {} : { unanswered }),
    };
    const session = this.#indicators.check(key);
    const isDown = projections.some(({ problems }) =>
      problems.some((kind) => resolved.downWhen.includes(kind)),
    );
    if (isDown || reachable.length < stores.length) return session.down(health);
    if (projections.length === 0 && unanswered.length === 0) return session.up(health);
    if (typeof (session as Partial<typeof session>).degraded === 'function') {
      return session.degraded(health);
    }
    return (session as { up(data: FactstrHealth): HealthIndicatorResult<Key> }).up({
      ...health,
      degraded: true,
    });
  }

  /**
   * Whether the process should go on. Down only when a store of the application was closed under it, which a restart
   * mends. It asks no database, and never fails for lag.
   */
  async isAlive<const Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    const closed = this.#stores.all().filter(({ service }) => service.closed);
    const session = this.#indicators.check(key);
    if (closed.length === 0) return session.up();
    return session.down({ closed: closed.map(({ name }) => name) });
  }

  #selected(names: readonly string[] | undefined): OpenStore[] {
    if (names === undefined) return this.#stores.all();
    return names.map((name) => {
      const found = this.#stores.find(name);
      if (found !== undefined) return found;
      const known = this.#stores.all().map((store) => store.name);
      throw new InvalidOptionsError(
        `isReady is to look at the store ${JSON.stringify(name)}, which the application does not have. It has ${known.join(', ')}.`,
      );
    });
  }

  async #ask({ name, raw, service }: OpenStore, timeout: number): Promise<Answer> {
    try {
      const head = await this.#reading(`head of ${name}`, timeout, async () => {
        await reachLog(raw);
        return service.head();
      });
      if (head === undefined) return { down: `no answer within ${timeout} ms` };
      return { head: String(head) };
    } catch (error) {
      return { down: errorCode(error) ?? 'unknown error' };
    }
  }

  async #statuses(
    stores: readonly string[],
    { projections: names, timeout }: ResolvedReadyOptions,
  ): Promise<{ readonly statuses: ProjectionStatus[]; readonly unanswered: string[] }> {
    const unanswered: string[] = [];
    if (names?.length === 0) return { statuses: [], unanswered };
    this.#checkNames(names);
    const read = stores.map(async (store) => {
      const statuses = await this.#reading(`projections of ${store}`, timeout, () =>
        this.#projections.list({ store }),
      );
      if (statuses === undefined) unanswered.push(store);
      return statuses ?? [];
    });
    const statuses = (await Promise.all(read)).flat();
    return {
      statuses: statuses.filter(({ name }) => names === undefined || names.includes(name)),
      unanswered,
    };
  }

  #checkNames(names: readonly string[] | undefined): void {
    const known = new Set(this.#projections.registered.map(({ name }) => name));
    const unknown = names?.find((name) => !known.has(name));
    if (unknown === undefined) return;
    throw new InvalidOptionsError(
      `isReady is to look at the projection ${JSON.stringify(unknown)}, which the application does not have. It has ${[...known].join(', ') || 'none'}.`,
    );
  }

  /** Waits for a reading, or for one that is under way; `undefined` where no answer comes in time. */
  async #reading<T>(key: string, timeout: number, read: () => Promise<T>): Promise<T | undefined> {
    let reading = this.#underWay.get(key) as Promise<T> | undefined;
    if (reading === undefined) {
      reading = read();
      const ended = (): void => void this.#underWay.delete(key);
      reading.then(ended, ended);
      this.#underWay.set(key, reading);
    }
    return (await within(timeout, reading)) ? reading : undefined;
  }
}
