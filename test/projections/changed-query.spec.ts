import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StorageError } from '../../lib/contract/errors.js';
import { fingerprintOf } from '../../lib/streams/reader/fingerprint.js';
import { stranger } from '../support/streams/owners.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { settle } from '../support/waiting/until.js';
import { SteppedProjections, ofTypes } from './support/stepped-projection.js';

const projections = new SteppedProjections();
beforeEach(() => {
  stepTime();
  jest.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(async () => {
  await projections.end();
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const textOf = (...types: string[]): string =>
  `{"filters":[{"event_types":${JSON.stringify(types)},"payload_predicates":null}],"min_sequence_number":null}`;

/** A projection of `x` and `y` whose stored query is of `x`, and whose cursor is at a fact of these. */
async function changed(types: readonly string[], position: bigint) {
  const p = projections.make({ query: ofTypes('x', 'y') });
  await p.append(...types);
  p.cursorStore.open('p', textOf('x'), position);
  return p;
}

describe('A changed query that makes no difference', () => {
  it('is stored under the lease, and the projection goes on from its cursor', async () => {
    const p = await changed(['x', 'z', 'y'], 2n);
    await p.start();
    await p.called(1);
    expect(p.calls).toEqual(['3/1']);
    expect(p.stored).toMatchObject({ query_text: textOf('x', 'y'), position: 3n });
    expect(p.told).toEqual([
      'starting',
      'accepted: Projection "p" goes on with a changed query: no fact up to 2, where its cursor stands, tells it from the former one.',
      'replaying',
      'live',
    ]);
    expect(p.cursorStore.interventions('p')).toEqual([]);
  });

  it('is compared before the lease is asked for: one that is refused takes it from nobody', async () => {
    const p = await changed(['x', 'y'], 2n);
    await p.start();
    expect(p.state.report()).toMatchObject({
      state: 'stopped',
      code: 'DURABLE_STREAM_QUERY_CHANGED',
      reason: expect.stringContaining(
        ': fact 2 ("y"), which its cursor at 2 has passed, matches the new one and not that one. Two ways out: ',
      ),
    });
    await pass(2_000);
    expect(p.stepped.countOf('claim')).toBe(0);
    expect(p.stored).toMatchObject({ query_text: textOf('x'), epoch: 0n });
  });

  it('is compared again under the lease: its former owner may have gone on', async () => {
    const p = await changed(['x', 'y'], 1n);
    const claim = p.hold('claim');
    await p.start();
    await claim.asked;
    const [batch] = await p.store.log.readBatches(1n, 1);
    p.cursorStore.advance('p', 0n, fingerprintOf(batch!.event_records[0]!));
    await claim.answer();
    await settle();
    expect(p.calls).toEqual([]);
    expect(p.state.report()).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining('fact 2 ("y"), which its cursor at 2 has passed'),
    });
    expect(p.stored).toMatchObject({ query_text: textOf('x'), owner: null });
  });

  it('waits for the owner, and is refused once that has passed a fact which tells them apart', async () => {
    const p = await changed(['x', 'z'], 1n);
    p.cursorStore.claim('p', p.stored!, stranger('other'));
    await p.start();
    expect(p.told).toEqual(['starting', 'starting: run by process 7 on elsewhere']);
    await pass(300);
    expect(p.state.report().reason).toBe('run by process 7 on elsewhere');
    await p.append('y');
    const batches = await p.store.log.readBatches(2n, 1);
    p.cursorStore.advance('p', 1n, fingerprintOf(batches[0]!.event_records[0]!));
    await pass(100);
    expect(p.state.report()).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining('fact 3 ("y"), which its cursor at 3 has passed'),
    });
    expect(p.stored).toMatchObject({ query_text: textOf('x'), owner: { id: 'other' } });
  });

  it('is not stored over an intervention', async () => {
    const p = await changed(['x', 'z', 'y'], 1n);
    const change = p.hold('changeQuery');
    await p.start();
    await change.asked;
    p.cursorStore.intervene('p', { verb: 'pause', by: null });
    await change.answer();
    await settle();
    expect(p.calls).toEqual([]);
    expect(p.stored!.query_text).toBe(textOf('x'));
    p.cursorStore.intervene('p', { verb: 'resume', by: null });
    await p.called(1);
    expect([p.calls, p.stored!.query_text]).toEqual([['3/1'], textOf('x', 'y')]);
  });

  it.each(['before', 'after'] as const)(
    'is taken once where the process loses the database %s it is stored',
    async (moment) => {
      const p = await changed(['x', 'z', 'y'], 2n);
      const change = p.hold('changeQuery');
      await p.start();
      const gone = new StorageError('the database is gone');
      if (moment === 'before') await change.refuse(gone);
      else await change.answer(gone);
      await p.called(1);
      expect([p.calls, p.stored!.query_text]).toEqual([['3/1'], textOf('x', 'y')]);
      expect(p.told.filter((line) => line.startsWith('accepted'))).toHaveLength(
        moment === 'before' ? 1 : 0,
      );
    },
  );

  it('is not taken back from a newer deploy by the process that ran the former one', async () => {
    const p = projections.make({ query: ofTypes('x') });
    await p.append('x');
    await p.start();
    await p.called(1);
    const { epoch, renewals } = p.stored!;
    // A newer process takes over, and gives the lease back.
    const newer = p.cursorStore.claim('p', { epoch, renewals }, stranger('newer'))!;
    const change = { former: textOf('x'), position: 1n, queryText: textOf('x', 'y') };
    expect(p.cursorStore.changeQuery('p', newer, change)).toBe(true);
    p.cursorStore.release('p', newer);
    await p.reaches('stopped');
    expect(p.state.report().reason).toContain(
      ': another process has changed it since, as a newer deploy does. Two ways out',
    );
    await pass(2_000);
    expect(p.stored).toMatchObject({ query_text: textOf('x', 'y'), owner: null });
  });

  it('does not hide that the log is another one', async () => {
    const p = await changed(['x', 'z'], 0n);
    p.cursorStore.advance('p', 0n, { sequence_number: 1n, hash: 'of another fact' });
    await p.start();
    expect(p.state.report()).toMatchObject({ state: 'stopped', code: 'CURSOR_FACT_CHANGED' });
  });

  it('is refused by a cursor store that cannot change it', async () => {
    const p = await changed(['x'], 1n);
    Object.defineProperty(p.stepped.cursorStore, 'changeQuery', { value: undefined });
    Object.defineProperty(p.cursorStore, 'changeQuery', { value: undefined });
    await p.start();
    expect(p.state.report()).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining(': its cursor store cannot change it. Two ways out'),
    });
  });

  it('is refused where the former one cannot be read', async () => {
    const p = projections.make({ query: ofTypes('x') });
    p.cursorStore.open('p', '"no query"', 0n);
    await p.start();
    expect(p.state.report().reason).toContain(': the former one cannot be read. Two ways out');
  });

  it('is refused where comparing is too dear', async () => {
    const many = Array.from({ length: 2_001 }, (_, n) => `t${n}`);
    const large = projections.make({ query: ofTypes(...many) });
    large.cursorStore.open('p', textOf('x'), 0n);
    await large.start();
    expect(large.state.report().reason).toContain(
      'whether they differ up to its cursor at 0 is too dear to find out (a query has more than 2000 alternatives)',
    );
    // This log finds no facts by a query.
    const p = await changed(
      Array.from({ length: 1_001 }, () => 'x'),
      1_001n,
    );
    await p.start();
    expect(p.state.report().reason).toContain(
      'whether they differ up to its cursor at 1001 is too dear to find out (no index tells the facts that matter from others)',
    );
  });
});
