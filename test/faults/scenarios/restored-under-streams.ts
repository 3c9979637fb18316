import { FactstrPostgresStore, FactstrSqliteStore, IndeterminateAppendError } from 'nestjs-factstr';
import type { EventRecord, FactstrError } from 'nestjs-factstr';
import { DEFAULT_RETRY_POLICY } from '../../../lib/support/async/back-off.js';
import { makeRunner } from '../../../lib/projections/runner/make-runner.js';
import type { Runner } from '../../../lib/projections/runner/runner.js';
import { TestProxy } from '../../support/postgres/proxy.js';
import { backUpPostgres, copySqlite } from '../../support/back-up.js';
import type { Round } from '../support/round.js';
import type { Provider, Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import { after } from '../support/moments.js';
import { until } from '../../support/waiting/until.js';
import { failureOf } from '../../support/failure-of.js';

/** Milliseconds. */
const LEASE = 600;

/**
 * The streams of a running process go on with all that is appended after a restore, and with nothing that it took
 * away: from the reader's memory neither, however fast or slow they are.
 */
export const restoredUnderStreams: Scenario = {
  name: 'restored-under-streams',
  fault: 'an older log, its cursors too, restored under live streams and a projection',
  providers: ['sqlite', 'postgres'],
  faults: [8, 3],
  run: (round, provider) => play(round, provider, false),
};

/** As a failover to a stale replica does it: the leases are over when the server is back. */
export const failoverPastLease: Scenario = {
  name: 'failover-past-lease',
  fault: 'an outage longer than the lease, and an older log behind it',
  providers: ['postgres'],
  faults: [5, 2],
  run: (round, provider) => play(round, provider, true),
};

interface Log {
  readonly store: FactstrSqliteStore | FactstrPostgresStore;
  /** Copies it; the result restores the copy, after an outage where there is one. */
  backUp(): Promise<() => Promise<void>>;
}

async function play(round: Round, provider: Provider, outage: boolean): Promise<void> {
  const reported: FactstrError[] = [];
  const log = await open(round, provider, outage, (error) => reported.push(error));
  const { store } = log;
  round.later(() => store.close());
  const streams = [new Stream('a live stream'), new Stream('a slow live stream', 30)];
  for (const stream of streams) await store.streamAll((facts) => stream.take(facts)).started;
  const projection = new Stream('the projection');
  const runner = startProjection(store, projection);
  round.later(() => runner.stop());
  let length = 0;
  await round.forEachFault(async () => {
    length += await append(round, store, round.random.int(1, 8));
    await reach([...streams, projection], length);
    await isStored(runner, length);
    const restore = await log.backUp();
    const kept = length;
    const lost = kept + (await append(round, store, round.random.int(1, 12)));
    await reach([...streams, projection], lost);
    await isStored(runner, lost);
    await restore();
    length = kept + (await append(round, store, round.random.int(1, 15)));
    for (const stream of [...streams, projection]) {
      await stream.wentOn(round, { kept, lost, length });
    }
    await isStored(runner, length);
  });
  const others = reported.filter(({ code }) => code !== 'LOG_REPLACED' && !isOutage(code));
  for (const error of others) round.unexpected(`reported: ${error.message}`);
  const replaced = reported.length - others.length;
  if (replaced < streams.length * round.faults) {
    round.unexpected(`${replaced} reports of ${streams.length * round.faults} replaced logs`);
  }
}

/** What a stream was given, in order. */
class Stream {
  readonly name: string;
  readonly #slowness: number;
  readonly #given: number[] = [];
  /** Where what belongs to the present log begins. */
  #since = 0;

  constructor(name: string, slowness = 0) {
    this.name = name;
    this.#slowness = slowness;
  }

  async take(facts: EventRecord[]): Promise<undefined> {
    if (this.#slowness > 0) await after(this.#slowness);
    this.#given.push(...facts.map(({ sequence_number }) => Number(sequence_number)));
    return undefined;
  }

  async reaches(number: number): Promise<void> {
    await until(
      () => this.#given.at(-1) === number,
      () => `fact ${number} for ${this.name}; it has ${this.#given.slice(-20).join()}`,
    );
    this.#since = this.#given.length;
  }

  /** The log was restored to `kept` and has grown to `length` since; it had gone to `lost` before. */
  async wentOn(round: Round, now: { kept: number; lost: number; length: number }): Promise<void> {
    const { kept, lost, length } = now;
    const expected = Array.from({ length: length - kept }, (_, index) => kept + 1 + index);
    const failure = await failureOf(() =>
      until(
        () => this.#given.length - this.#since >= expected.length,
        () => 'what was appended after the restore',
        30_000,
      ),
    );
    const given = this.#given.slice(this.#since);
    if (failure === undefined && given.join() === expected.join()) return;
    round.tally.lost += expected.filter((number) => !given.includes(number)).length;
    round.unexpected(
      `${this.name} was given ${given.join()} of a log that went to ${lost}, was restored to ${kept} and grew to ${length}`,
    );
  }
}

function startProjection(
  store: FactstrSqliteStore | FactstrPostgresStore,
  projection: Stream,
): Runner {
  const ignore = (): void => undefined;
  const runner = makeRunner(
    store,
    {
      name: 'book',
      query: {},
      onFailure: 'pause',
      timeout: 30_000,
      retry: DEFAULT_RETRY_POLICY,
      handle: ({ facts }) => projection.take(facts),
    },
    { failed: ignore, changed: ignore, moved: ignore, parked: ignore },
  );
  runner.start();
  return runner;
}

async function reach(streams: readonly Stream[], number: number): Promise<void> {
  for (const stream of streams) await stream.reaches(number);
}

async function isStored(runner: Runner, position: number): Promise<void> {
  await until(
    async () => (await runner.stored().catch(() => undefined))?.position === BigInt(position),
    () => `the cursor at ${position}; the projection is ${JSON.stringify(runner.state.report())}`,
  );
}

/** One by one, each until it is known to be there. */
async function append(round: Round, store: Log['store'], count: number): Promise<number> {
  for (let n = 0; n < count; n++) {
    const appendId = round.name(`append-${round.seed}`);
    await until(
      async () => {
        const failure = await failureOf(() =>
          store.append([{ event_type: 'noted', payload: {} }], { appendId }),
        );
        if (failure === undefined) return true;
        if (failure instanceof IndeterminateAppendError) return false;
        if (isOutage((failure as FactstrError).code)) return false;
        throw failure;
      },
      () => 'an append to succeed',
    );
    round.tally.acknowledged++;
  }
  return count;
}

function isOutage(code: string): boolean {
  return ['DATABASE_UNAVAILABLE', 'DATABASE_BUSY'].includes(code);
}

async function open(
  round: Round,
  provider: Provider,
  outage: boolean,
  onStreamError: (error: FactstrError) => void,
): Promise<Log> {
  const options = await newStore(round, provider);
  if (options.provider === 'sqlite') {
    const { path } = options;
    return {
      store: new FactstrSqliteStore(path, { leaseTtl: LEASE, onStreamError }),
      backUp: async () => {
        const copy = await round.file(round.name('copy'));
        await copySqlite(path, copy);
        return () => copySqlite(copy, path);
      },
    };
  }
  const proxy = await TestProxy.start(options.url);
  round.later(() => proxy.stop());
  const store = new FactstrPostgresStore(proxy.url, {
    leaseTtl: LEASE,
    onStreamError,
    pollInterval: 300,
    connectionTimeout: 500,
    lockTimeout: 300,
    statementTimeout: 500,
    queryTimeout: 700,
  });
  return {
    store,
    backUp: async () => {
      const restore = await backUpPostgres(options.url);
      return async () => {
        if (outage) proxy.freeze();
        proxy.cut();
        await restore();
        if (!outage) return;
        await after(2 * LEASE);
        proxy.cut();
        proxy.thaw();
      };
    },
  };
}
