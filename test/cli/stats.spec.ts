import { describe, expect, it } from '@jest/globals';
import { golden } from '../support/fixtures/golden.js';
import { OPERATED, operatedDatabases } from '../support/cli/operated.js';
import { runCli } from '../support/cli/run-cli.js';

interface Found {
  facts: number;
  batches: object;
  types: { type: string; facts: number }[];
  sizes: { total: number; tables: { name: string; data: number; indexes: number }[] };
}

describe.each(OPERATED)('stats on $provider', ({ create, provider }) => {
  const database = operatedDatabases(create);

  it('counts facts, types, batches, appends and cursors, and measures tables', async () => {
    const made = await database();
    const store = made.open();
    const a = { event_type: 'a', payload: {} };
    await store.append([a, a, { event_type: 'b', payload: {} }]);
    await store.append([a], { appendId: 'one', metadata: { by: 'me' } });
    await made.run(`INSERT INTO events VALUES (5, '2001-01-01T00:00:00.000Z', 'long ago', '{}')`);
    const stream = await store.streamAllDurable({ name: 'mine' }, () => undefined);
    stream.unsubscribe();
    const { code, out, err } = await runCli(['stats', '--json', '--database', made.target]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const found = JSON.parse(out) as Found;
    expect(found).toMatchObject({
      provider: provider.toLowerCase(),
      head: '5',
      facts: 5,
      newestAt: expect.stringMatching(/^2001-01-01T00:00:00.*Z$/),
      lastMinute: 4,
      lastHour: 4,
      lastDay: 4,
      batches: { count: 3, largest: 3 },
      types: [
        { type: 'a', facts: 3, lastHour: 3, lastDay: 3, newest: '4' },
        { type: 'b', facts: 1, newest: '3' },
        { type: 'long ago', facts: 1, lastHour: 0, lastDay: 0, newest: '5' },
      ],
      cursors: { count: 1, parked: 0 },
      appendIds: 1,
      withMetadata: 1,
    });
    expect(found.sizes.total).toBeGreaterThan(0);
    const events = found.sizes.tables.find(({ name }) => name === 'events');
    expect(events!.data).toBeGreaterThan(0);
    expect(events!.indexes).toBeGreaterThan(0);
  });

  it('reads databases that FACTSTR wrote, and writes nothing', async () => {
    for (const version of ['0.5.0', '0.5.2']) {
      const made = await database();
      await made.loadGolden(version);
      const before = await made.digest();
      const run = await runCli(['stats', '--json', '--database', await made.readOnlyTarget()]);
      const found = JSON.parse(run.out) as Found;
      const appends = golden.appends.filter((append) => 'first' in append);
      expect(found).toMatchObject({
        facts: golden.event_records.length,
        batches: {
          count: appends.length,
          largest: Math.max(...appends.map(({ first, last }) => last - first + 1)),
        },
        cursors: { count: golden.streams.length },
      });
      expect(await made.digest()).toBe(before);
    }
  });

  it('shows the most frequent types, and how many it leaves out', async () => {
    const made = await database();
    await made
      .open()
      .append(['c', 'a', 'a', 'b', 'b', 'b'].map((event_type) => ({ event_type, payload: {} })));
    const { out } = await runCli(['stats', '--types', '2', '--database', made.target]);
    expect(out).toMatch(/^facts +6, head 6$/m);
    expect(out).toMatch(
      /^b +3 +50\.0 % +3 +3 +6\na +2 +33\.3 % +2 +2 +3\nand 1 more; --types 3 shows them$/m,
    );
    expect(out).toMatch(/^events +\d/m);
  });

  it('takes a log without facts', async () => {
    const made = await database();
    const store = made.open();
    await store.query({});
    const { code, out } = await runCli(['stats', '--database', made.target]);
    expect(code).toBe(0);
    expect(out).toMatch(/^facts +0, head 0$/m);
  });
});
