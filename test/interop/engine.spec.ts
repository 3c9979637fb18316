import { expect, it } from '@jest/globals';
import { Inbox } from '../support/inbox/inbox.js';
import { fact, facts, numbers } from '../support/facts/facts.js';
import { buildEngine } from '../support/engine/cargo.js';
import { describeBesideFactstr, describeSharedLogs } from './support/describe.js';
import { sharedLogs } from './support/logs.js';

describeBesideFactstr('FACTSTR’s engine', () => {
  it('is built by cargo', async () => {
    const { took, tookClean } = await buildEngine();
    const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;
    const clean = tookClean === null ? 'not measured' : seconds(tookClean);
    console.info(`cargo build --release took ${seconds(took)}; a clean build: ${clean}`);
  });
});

describeSharedLogs('FACTSTR’s engine', (kind) => {
  const createLog = sharedLogs(kind);

  it('appends, decides and answers', async () => {
    const engine = await (await createLog()).engine();
    expect(await engine.append(facts(2))).toEqual({
      first_sequence_number: 1n,
      last_sequence_number: 2n,
      committed_count: 2n,
    });
    expect(await engine.appendIf([fact('decided')], {}, null)).toEqual({
      append_result: null,
      conflict: { expected_context_version: null, actual_context_version: 2n },
    });
    const { append_result } = await engine.appendIf([fact('decided')], {}, 2n);
    expect(append_result?.first_sequence_number).toBe(3n);
    const answer = await engine.query({ min_sequence_number: 1n });
    expect(numbers(answer.event_records)).toEqual([2, 3]);
    expect(answer.current_context_version).toBe(3n);
    await expect(engine.append([])).rejects.toMatchObject({ kind: 'EmptyAppend' });
  });

  it('answers texts with every kind of line break in them', async () => {
    const engine = await (await createLog()).engine();
    const text = 'a\u2028b\u2029c\u0085d\re\nf\r\n';
    await engine.append([fact('noted', { text })]);
    const { event_records } = await engine.query({});
    expect(event_records.map(({ payload }) => payload)).toEqual([{ text }]);
  });

  it('streams, fails the delivery that it is told to, and ends with its store', async () => {
    const log = await createLog();
    const engine = await log.engine();
    await engine.append(facts(2));
    const [failing, live] = [new Inbox(), new Inbox()];
    await expect(engine.stream({ name: 's', failAt: 1 }, failing.handle)).rejects.toMatchObject({
      kind: 'BackendFailure',
    });
    expect(failing.numbers).toEqual([[1, 2]]);
    const listening = await engine.stream(
      { query: { filters: [{ event_types: ['noted'] }] } },
      live.handle,
    );
    const durable = new Inbox();
    await engine.stream({ name: 's', failAt: 3 }, durable.handle);
    await engine.append([fact('other')]);
    await engine.append(facts(1));
    await durable.reaches(4);
    await live.reaches(4);
    await listening.unsubscribe();
    await engine.append(facts(1));
    await engine.close();
    expect(durable.numbers).toEqual([[1, 2], [3], [4]]);
    expect(live.numbers).toEqual([[4]]);
    expect(await log.cursor('s')).toMatchObject({ position: 3 });
  });

  it('times workloads by itself', async () => {
    const engine = await (await createLog()).engine();
    const fact = { event_type: 'paid', payload: { amount: 1 }, key: 'account', prefix: 'a-' };
    const append = { workload: 'append', threads: 4, operations: 20, batch: 5, ...fact } as const;
    expect(await engine.bench(append)).toMatchObject({ operations: 20, facts: 100, conflicts: 0 });
    const decided = await engine.bench({
      workload: 'decide',
      threads: 2,
      operations: 10,
      contexts: 3,
      ...fact,
    });
    expect(decided.facts + decided.conflicts).toBe(10);
    const written = 100 + decided.facts;
    expect(await engine.bench({ workload: 'read' })).toMatchObject({ facts: written });
    expect(await engine.bench({ workload: 'replay', name: 'r' })).toMatchObject({ facts: written });
    const delivered = await engine.bench({ workload: 'deliver', operations: 5, ...fact });
    expect(delivered).toMatchObject({ operations: 5, facts: 5 });
    expect(delivered.p50).toBeGreaterThan(0);
    const timed = await engine.bench({ ...append, operations: 1_000_000, milliseconds: 50 });
    expect(timed.operations).toBeLessThan(1_000_000);
    expect(timed.milliseconds).toBeGreaterThanOrEqual(50);
  });
});
