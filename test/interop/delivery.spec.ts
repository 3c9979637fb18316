import { expect, it } from '@jest/globals';
import { fact, facts, upTo } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { describeSharedLogs } from './support/describe.js';
import { sharedLogs } from './support/logs.js';

describeSharedLogs('What FACTSTR appends', (kind) => {
  const createLog = sharedLogs(kind);

  it('reaches our live and durable streams, batch by batch, among our own', async () => {
    const log = await createLog();
    const [store, first, second] = [log.store(), await log.engine(), await log.engine()];
    const [live, durable] = [new Inbox(), new Inbox()];
    await (
      await store.streamAll(live.handle)
    ).started;
    await store.streamAllDurable({ name: 's' }, durable.handle);
    const sizes = Array.from({ length: 30 }, (_, index) => 1 + (index % 3));
    const results = await Promise.all(
      [first, second, store].map(async (writer) => {
        const ranges: [number, number][] = [];
        for (const size of sizes) {
          const result = await writer.append(facts(size));
          ranges.push([Number(result.first_sequence_number), Number(result.last_sequence_number)]);
        }
        return ranges;
      }),
    );
    const batches = results
      .flat()
      .sort(([a], [b]) => a - b)
      .map(([begin, end]) => upTo(end).slice(begin - 1));
    const last = batches.at(-1)!.at(-1)!;
    await live.reaches(last);
    await durable.reaches(last);
    expect(live.numbers).toEqual(batches);
    expect(durable.numbers).toEqual(batches);
    expect(durable.batches.flat()).toEqual((await store.query({})).event_records);
  });

  it('is filtered by our streams’ queries', async () => {
    const log = await createLog();
    const [store, engine] = [log.store(), await log.engine()];
    const query = {
      filters: [{ event_types: ['paid'], payload_predicates: [{ by: { id: 1 } }] }],
    };
    const paid = (id: number) => fact('paid', { by: { id, name: 'x' } });
    const [live, durable] = [new Inbox(), new Inbox()];
    await (
      await store.streamTo(query, live.handle)
    ).started;
    await engine.append([paid(1), paid(2), fact('closed', { by: { id: 1 } }), paid(1)]);
    await store.streamToDurable({ name: 's' }, query, durable.handle);
    await engine.append([paid(2)]);
    await engine.append([paid(2), paid(1)]);
    await live.reaches(7);
    await durable.reaches(7);
    expect(live.numbers).toEqual([[1, 4], [7]]);
    expect(durable.numbers).toEqual([[1, 4], [7]]);
  });

  it('is known to contexts that ours has looked at before', async () => {
    const log = await createLog();
    const [store, engine] = [log.store(), await log.engine()];
    const seat = (number: number) => ({
      filters: [{ event_types: ['taken'], payload_predicates: [{ seat: number }] }],
    });
    for (let number = 1; number <= 20; number++) {
      const taken = fact('taken', { seat: number });
      const before = (await store.query(seat(number))).current_context_version;
      expect(before).toBeNull();
      const [engineFirst, other] = number % 2 === 0 ? [engine, store] : [store, engine];
      const { append_result } = await engineFirst.appendIf([taken], seat(number), before);
      const actual = append_result!.first_sequence_number;
      expect(await other.appendIf([taken], seat(number), before)).toEqual({
        append_result: null,
        conflict: { expected_context_version: null, actual_context_version: actual },
      });
      const moved = await other.appendIf([taken], seat(number), actual);
      expect(moved.append_result?.first_sequence_number).toBe(actual + 1n);
    }
  });

  it('is read whatever its size and shape, also what ours would refuse to write', async () => {
    const log = await createLog();
    const engine = await log.engine();
    const long = 'x'.repeat(1_000);
    const odd = [
      fact('', { empty: true }),
      fact(long, [null, long]),
      fact('large', { text: 'y'.repeat(2 * 1024 * 1024), found: 1 }),
      fact('deep', JSON.parse('['.repeat(100) + ']'.repeat(100))),
    ];
    // Postgres cannot store it.
    if (kind.kind === 'SQLite') odd.push(fact('nul', { 'a\u0000b': '\u0000' }));
    await engine.append(odd);
    const many = Array.from({ length: 10_500 }, (_, n) => fact('many', { n }));
    await engine.append(many);
    const store = log.store();
    const inbox = new Inbox();
    await store.streamAllDurable({ name: 's' }, inbox.handle);
    expect(inbox.batches.map((batch) => batch.length)).toEqual([odd.length, many.length]);
    expect(inbox.batches[0]!.map(({ event_type, payload }) => ({ event_type, payload }))).toEqual(
      odd,
    );
    const context = { filters: [{ payload_predicates: [{ found: 1 }, { n: 10_400 }] }] };
    const { event_records, current_context_version } = await store.query(context);
    expect(event_records.map(({ event_type }) => event_type)).toEqual(['large', 'many']);
    const { append_result } = await store.appendIf(
      [fact('found')],
      context,
      current_context_version,
    );
    expect(append_result).toMatchObject({ committed_count: 1n });
  });
});

describeSharedLogs('What we append', (kind) => {
  const createLog = sharedLogs(kind);

  it('is passed over by FACTSTR’s streams: why a durable name is run by one engine at a time', async () => {
    const log = await createLog();
    const [store, engine] = [log.store(), await log.engine()];
    const theirs = new Inbox();
    await engine.append(facts(1));
    await engine.stream({ name: 's' }, theirs.handle);
    await store.append(facts(5));
    await engine.append(facts(1));
    await theirs.reaches(7);
    expect(theirs.numbers).toEqual([[1], [7]]);
  });
});
