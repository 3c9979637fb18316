import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventFilter, EventQuery } from '../../lib/contract/contract.types.js';
import { fact, facts } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { jsonValue } from '../support/facts/json.js';
import { until } from '../support/waiting/until.js';
import { describeSharedLogs } from './support/describe.js';
import type { SharedLog } from './support/logs.js';
import { sharedLogs } from './support/logs.js';
import { withExactNumbers } from './support/numbers.js';

const wanted: EventQuery = {
  filters: [
    { event_types: ['paid'], payload_predicates: [{ by: { name: 'größe' } }, { amount: 1.5 }] },
    { event_types: ['closed'], payload_predicates: null },
  ],
};
const paid = (amount: number) => fact('paid', { amount, by: { name: 'größe', other: [1] } });
const unwanted = fact('paid', { amount: 2 });

async function cursorReaches(log: SharedLog, position: number): Promise<void> {
  await until(
    async () => (await log.cursor('s'))?.position === position,
    () => `the cursor to reach ${position}`,
  );
}

describeSharedLogs('A durable stream that the other engine began', (kind) => {
  const createLog = sharedLogs(kind);

  it('is resumed by ours, exactly where FACTSTR’s had come to, its query untouched', async () => {
    const log = await createLog();
    const engine = await log.engine();
    await engine.append([paid(1), unwanted, paid(2)]);
    await engine.append([unwanted]);
    const [theirs, ours] = [new Inbox(), new Inbox()];
    await engine.stream({ name: 's', query: wanted }, theirs.handle);
    await engine.append([paid(3), fact('closed')]);
    await cursorReaches(log, 6);
    await engine.close();
    const left = await log.cursor('s');

    const store = log.store();
    await store.append([unwanted, paid(4)]);
    await store.streamToDurable({ name: 's' }, wanted, ours.handle);
    await store.append([paid(5)]);
    await ours.reaches(9);
    await cursorReaches(log, 9);
    expect(theirs.numbers).toEqual([
      [1, 3],
      [5, 6],
    ]);
    expect(ours.numbers).toEqual([[8], [9]]);
    expect((await log.cursor('s'))!.event_query).toBe(left!.event_query);
  });

  it('is resumed by FACTSTR, exactly where ours had come to', async () => {
    const log = await createLog();
    const store = log.store();
    await store.append([paid(1), unwanted, paid(2)]);
    await store.append([unwanted]);
    const [theirs, ours] = [new Inbox(), new Inbox()];
    await store.streamToDurable({ name: 's' }, wanted, ours.handle);
    await store.append([paid(3), fact('closed')]);
    await cursorReaches(log, 6);
    await store.close();
    const left = await log.cursor('s');

    const engine = await log.engine();
    await engine.append([unwanted, paid(4)]);
    await engine.stream({ name: 's', query: wanted }, theirs.handle);
    await engine.append([paid(5)]);
    await theirs.reaches(9);
    await cursorReaches(log, 9);
    expect(ours.numbers).toEqual([
      [1, 3],
      [5, 6],
    ]);
    expect(theirs.numbers).toEqual([[8], [9]]);
    expect((await log.cursor('s'))!.event_query).toBe(left!.event_query);
  });

  it('goes to and fro, and every batch is handled once', async () => {
    const log = await createLog();
    const handled: number[][] = [];
    let last = 0;
    const take = (inbox: Inbox): void => void handled.push(...inbox.numbers);
    for (let round = 0; round < 4; round++) {
      const [store, engine] = [log.store(), await log.engine()];
      const [ours, theirs] = [new Inbox(), new Inbox()];
      await store.streamAllDurable({ name: 's' }, ours.handle);
      await engine.append(facts(2));
      await store.append(facts(1));
      await cursorReaches(log, (last += 3));
      await store.close();
      take(ours);
      await engine.append(facts(3));
      await engine.stream({ name: 's' }, theirs.handle);
      await engine.append(facts(1));
      await cursorReaches(log, (last += 4));
      await engine.close();
      take(theirs);
    }
    const round = (first: number) => [
      [first, first + 1],
      [first + 2],
      [first + 3, first + 4, first + 5],
      [first + 6],
    ];
    expect(handled).toEqual([1, 8, 15, 22].flatMap(round));
    // Each time that ours goes on behind FACTSTR, it says from where to where the cursor was moved.
    expect(log.reported.splice(0)).toMatchObject(
      [3, 10, 17].map((from) => ({
        code: 'CURSOR_MOVED',
        from: BigInt(from),
        to: BigInt(from + 4),
      })),
    );
  });

  it('goes on after a crash and after a failure with the batch that did not succeed', async () => {
    const log = await createLog();
    const first = await log.engine();
    const theirs = new Inbox();
    await first.stream({ name: 's', failAt: 2 }, theirs.handle);
    await first.append(facts(1));
    await first.append(facts(2));
    await theirs.reaches(3);
    await cursorReaches(log, 1);
    await first.kill();

    const refused = new Inbox((_, delivery) => delivery < 2);
    await expect(
      log.store().streamAllDurable({ name: 's' }, refused.handle),
    ).resolves.toBeDefined();
    const store = log.store();
    await store.append(facts(2));
    await refused.reaches(5);
    // A bare stream stops at a failure, and says so.
    await until(
      () => log.reported.length > 0,
      () => 'the failure to be reported',
    );
    log.reported.splice(0);
    expect(refused.numbers).toEqual([
      [2, 3],
      [4, 5],
    ]);

    const again = new Inbox();
    const second = await log.engine();
    await second.stream({ name: 's' }, again.handle);
    expect(again.numbers).toEqual([[4, 5]]);
    await cursorReaches(log, 5);
  });

  it('is taken over by FACTSTR from a process of ours that was killed', async () => {
    const log = await createLog();
    const [engine, store] = [await log.engine(), log.store()];
    const child = log.process('streamer.ts', { location: log.location, name: 's' });
    expect(await child.next()).toBe('running');
    await engine.append(facts(2));
    expect(await child.next()).toEqual([1, 2]);
    await cursorReaches(log, 2);
    await child.kill();
    await store.append(facts(1));
    const theirs = new Inbox();
    await (await engine.stream({ name: 's' }, theirs.handle)).unsubscribe();
    expect(theirs.numbers).toEqual([[3]]);

    // And back: the lease of the dead process holds up nobody on this host, nor does the cursor that has moved.
    const ours = new Inbox();
    await engine.append(facts(1));
    await store.streamAllDurable({ name: 's' }, ours.handle);
    expect(ours.numbers).toEqual([[4]]);
    expect(log.reported.splice(0)).toMatchObject([{ code: 'CURSOR_MOVED', from: 2n, to: 3n }]);
  });

  it('is refused by both with another query', async () => {
    const log = await createLog();
    const [engine, store] = [await log.engine(), log.store()];
    const query = { filters: [{ event_types: ['other'] }] };
    await (await engine.stream({ name: 's', query: wanted }, () => undefined)).unsubscribe();
    await expect(
      store.streamToDurable({ name: 's' }, query, () => undefined),
    ).rejects.toMatchObject({ code: 'DURABLE_STREAM_QUERY_CHANGED' });
    (await store.streamToDurable({ name: 't' }, wanted, () => undefined)).unsubscribe();
    await expect(engine.stream({ name: 't', query }, () => undefined)).rejects.toMatchObject({
      kind: 'BackendFailure',
    });
  });

  it('has the same query text, byte for byte, whichever engine began it', async () => {
    const log = await createLog();
    const [engine, store] = [await log.engine(), log.store()];
    let names = 0;
    await fc.assert(
      fc.asyncProperty(anyQuery, async (query) => {
        const name = `s${++names}`;
        (await store.streamToDurable({ name }, query, () => undefined)).unsubscribe();
        const theirs = await engine.stream({ name: `${name} of FACTSTR`, query }, () => undefined);
        await theirs.unsubscribe();
        const written = await log.cursor(name);
        expect(written).toEqual(await log.cursor(`${name} of FACTSTR`));
      }),
      // FACTSTR makes four connections for a stream on Postgres.
      { numRuns: kind.kind === 'SQLite' ? 150 : 50 },
    );
  });
});

const filter: fc.Arbitrary<EventFilter> = fc.record(
  {
    event_types: fc.option(
      fc.array(fc.constantFrom('a', 'größe', '"', '\\', '\u2028', '\u007f', '😀'), {
        maxLength: 3,
      }),
    ),
    payload_predicates: fc.option(fc.array(jsonValue.map(withExactNumbers), { maxLength: 3 })),
  },
  { requiredKeys: [] },
);
const anyQuery: fc.Arbitrary<EventQuery> = fc.record(
  { filters: fc.option(fc.array(filter, { maxLength: 3 })), min_sequence_number: fc.constant(7n) },
  { requiredKeys: [] },
);
