import { afterEach, describe, expect, it } from '@jest/globals';
import type { FactstrOptions } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { TestProxy } from '../support/postgres/proxy.js';
import { Application } from '../support/fixtures/projecting-application.js';
import { describeOn } from '../support/servers/describe-on.js';
import { report } from './support/report.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const FOUR = ['p1', 'p2', 'p3', 'p4'];
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

const application = (options: FactstrOptions, projections = ['p1']) =>
  Application.create({ options, projections }, (undo) => fixtures.later(undo));

/** The first application runs everything, the second one waits. */
async function pair(options: FactstrOptions, projections = ['p1'], other = options) {
  const first = await application(options, projections);
  const second = await application(other, projections);
  await first.call('start');
  await first.owns(projections.length);
  await second.call('start');
  return { first, second };
}

describe.each(['sqlite', 'postgres'] as const)('Two processes on one database, %s', (provider) => {
  /** What each owns of the projections when both have started. */
  async function started() {
    const options = await optionsOf(provider, fixtures);
    const both = await Promise.all([application(options, FOUR), application(options, FOUR)]);
    const [first, second] = both;
    await Promise.all(both.map((each) => each.call('start')));
    await until(
      async () => (await first.owned()).length + (await second.owned()).length === 4,
      () => 'all projections to be owned',
    );
    const owned = await Promise.all(both.map((each) => each.owned()));
    report(`${provider}: projections spread ${owned[0]!.length} to ${owned[1]!.length}`);
    return { first, second, owned };
  }

  it('that start together share the projections, and each fact is handled once', async () => {
    let { first, second, owned } = await started();
    // A process that a busy machine holds up for a tenth of a second is late: that is no start together.
    for (let starts = 1; starts < 5 && owned.some(({ length }) => length === 4); starts++) {
      await Promise.all([first.call('close'), second.call('close')]);
      ({ first, second, owned } = await started());
    }
    expect(owned.map(({ length }) => length)).not.toContain(4);
    await first.call('append', 25);
    await second.call('append', 25);
    await first.reaches(50n);
    for (const name of FOUR) {
      const [owner, other] = owned[0]!.includes(name) ? [first, second] : [second, first];
      await until(
        () => owner.numbers(name).length >= 50,
        () => `the facts of ${name}`,
      );
      expect(owner.numbers(name)).toEqual(upTo(50));
      expect(other.called.filter((entry) => entry.name === name)).toEqual([]);
    }
  });

  it('one that shuts down hands over within a second', async () => {
    const { first, second } = await pair(await optionsOf(provider, fixtures), FOUR);
    const closed = first.call('close');
    const took = await second.owns(4);
    await closed;
    report(`${provider}: hand-over at shutdown within ${Math.round(took.clock)} ms`);
    expect(took.machine).toBeLessThan(1_000);
  });
});

describeOn(['sqlite', 'postgres', 'nats'], 'Two processes on one database, %s', (provider) => {
  it('a killed one is replaced at once', async () => {
    const { first, second } = await pair(await optionsOf(provider, fixtures), FOUR);
    await first.call('append', 5);
    await first.reaches(5n);
    await first.kill('SIGKILL');
    const took = await second.owns(4);
    report(
      `${provider}: takeover from a killed process of this host after ${Math.round(took.clock)} ms`,
    );
    expect(took.machine).toBeLessThan(5_000);
    await second.call('append', 5);
    await second.reaches(10n);
    expect(second.numbers('p1')).toEqual([6, 7, 8, 9, 10]);
  });

  it('a frozen one is replaced after the TTL, and commits nothing when it wakes up', async () => {
    const options = { ...(await optionsOf(provider, fixtures)), leaseTtl: 700 };
    const { first, second } = await pair(options);
    await first.call('hold');
    await second.call('append', 3);
    await until(
      () => first.called.length === 1,
      () => 'the handler to be called',
    );
    await first.kill('SIGSTOP');
    const took = await second.owns(1);
    report(
      `${provider}: takeover from a frozen process after ${Math.round(took.clock)} ms (TTL 700)`,
    );
    await second.reaches(3n);
    await second.call('hold');
    await second.call('append', 1);
    await until(
      () => second.called.length === 4,
      () => 'the fourth fact',
    );
    await first.kill('SIGCONT');
    // Its handler succeeds now; that is nobody's success any more.
    await first.call('open');
    await until(
      () => first.handled.length === 1,
      () => 'the late success',
    );
    await until(
      async () => (await first.list())[0]!.owner?.self === false,
      () => 'the woken one to see that it was replaced',
    );
    expect((await first.list())[0]).toMatchObject({ position: 3n });
    await second.call('open');
    await first.reaches(4n);
    expect(second.numbers('p1')).toEqual([1, 2, 3, 4]);

    // It goes on as a contender.
    await second.kill('SIGKILL');
    await first.call('append', 2);
    await first.reaches(6n);
    expect(first.numbers('p1')).toEqual([1, 5, 6]);
  });
});

describe('Two processes on one Postgres database', () => {
  it('one that lost its connection for longer than the TTL is replaced, and contends again', async () => {
    const direct = await optionsOf('postgres', fixtures);
    const proxy = await TestProxy.start((direct as { url: string }).url);
    fixtures.later(() => proxy.stop());
    const shared = { ...direct, leaseTtl: 700 } as FactstrOptions;
    const deadlines = { queryTimeout: 1_500, statementTimeout: 1_000, lockTimeout: 500 };
    const { first, second } = await pair(
      { ...shared, ...deadlines, url: proxy.url } as FactstrOptions,
      ['p1'],
      shared,
    );
    await first.call('append', 2);
    await first.reaches(2n);
    proxy.freeze();
    const took = await second.owns(1);
    report(
      `postgres: takeover from a process without a connection after ${Math.round(took.clock)} ms (TTL 700)`,
    );
    await second.call('append', 2);
    await second.reaches(4n);
    proxy.thaw();
    proxy.cut();
    await until(
      async () => (await first.list())[0]?.owner?.self === false,
      () => 'the first one to see that it was replaced',
    );
    await second.kill('SIGKILL');
    await first.owns(1);
    await first.call('append', 1);
    await first.reaches(5n);
    expect(first.numbers('p1')).toEqual([1, 2, 5]);
    expect(second.numbers('p1')).toEqual([3, 4]);
  });
});
