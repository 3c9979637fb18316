import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { SteppedProjections, ofTypes } from './support/stepped-projection.js';

const projections = new SteppedProjections();
beforeEach(stepTime);
afterEach(async () => {
  await projections.end();
  jest.useRealTimers();
});

const batched = (maxFacts: number, maxWait: number) =>
  projections.make({ batch: { maxFacts, maxWait }, query: ofTypes('x') });

const several = (count: number): string[] => Array.from({ length: count }, () => 'x');

describe('A call that waits for company', () => {
  it('waits for maxWait from its first fact, however many trickle in meanwhile', async () => {
    const p = await batched(100, 500).start();
    for (let n = 0; n < 6; n++) {
      await p.append('x');
      await pass(90);
    }
    // The first was given at 0, and the sixth at 450.
    expect(p.calls).toEqual(['1+2+3+4+5+6/1']);
    expect(p.times).toEqual([500]);
  });

  it('does not wait anew for facts that do not match, nor for those that come while it runs', async () => {
    const p = await batched(100, 500).start();
    await p.append('x');
    await pass(300);
    await p.append('y');
    await pass(199);
    expect(p.calls).toEqual([]);
    const call = p.holdCall();
    await pass(1);
    expect(p.calls).toEqual(['1/1']);
    await p.append('x');
    await pass(400);
    await call.answer();
    await settle();
    // It was not met before: its wait begins with its reading.
    await pass(499);
    expect(p.calls).toHaveLength(1);
    await pass(1);
    expect(p.calls).toEqual(['1/1', '3/1']);
    expect(p.stored!.position).toBe(3n);
  });

  it('does not wait anew for facts that were read while the call before it ran', async () => {
    const p = await batched(3, 500).start();
    await p.append('x', 'x');
    const call = p.holdCall();
    // No room for both beside the two: those are handed over, and these wait from now on.
    await p.append('x', 'x');
    expect(p.calls).toEqual(['1+2/1']);
    await pass(400);
    await call.answer();
    await settle();
    await pass(99);
    expect(p.calls).toHaveLength(1);
    await pass(1);
    expect(p.calls).toEqual(['1+2/1', '3+4/1']);
  });

  it.each([
    [0, []],
    [1, [1]],
  ])('with maxWait %d comes after %j milliseconds', async (maxWait) => {
    const p = await batched(100, maxWait).start();
    await p.append('x');
    expect(p.calls).toHaveLength(maxWait === 0 ? 1 : 0);
    await pass(maxWait);
    expect(p.calls).toEqual(['1/1']);
  });

  it('leaves its cursor before the first fact that waits, and moves it to the last that was read', async () => {
    const p = await batched(100, 500).start();
    await p.append('y');
    expect(p.stored!.position).toBe(1n);
    await p.append('x');
    await p.append('y');
    await p.append('y');
    expect(p.stored!.position).toBe(1n);
    await pass(500);
    expect(p.calls).toEqual(['2/1']);
    expect(p.stored!.position).toBe(4n);
  });

  it('is not made when the projection is paused while it waits: its facts come again', async () => {
    const p = await batched(100, 500).start();
    await p.append('x');
    await pass(400);
    await p.say('pause');
    await pass(5_000);
    expect(p.calls).toEqual([]);
    expect(p.stored!.position).toBe(0n);
    const resumed = performance.now();
    await p.say('resume');
    await p.called(1);
    expect(p.calls).toEqual(['1/1']);
    // Waited for anew, under its new lease.
    expect(p.times[0]! - resumed).toBeGreaterThanOrEqual(500);
  });
});

describe('A call of at most maxFacts', () => {
  it.each([
    [[2], []],
    [[3], ['1+2+3/1']],
    [[4], ['1+2+3+4/1']],
    [[2, 1], ['1+2+3/1']],
    [[2, 2], ['1+2/1']],
    [
      [2, 3],
      ['1+2/1', '3+4+5/1'],
    ],
    [
      [1, 7],
      ['1/1', '2+3+4+5+6+7+8/1'],
    ],
    [[1, 1], []],
    [
      [1, 1, 1, 1, 1, 1],
      ['1+2+3/1', '4+5+6/1'],
    ],
  ])('of three takes whole batches of %j at once as %j', async (sizes, calls) => {
    const p = await batched(3, 60_000).start();
    for (const size of sizes) await p.append(...several(size));
    expect(p.calls).toEqual(calls);
    // What is left waits no longer than it may.
    await pass(60_000);
    const given = p.calls.flatMap((call) => call.split('/')[0]!.split('+').map(Number));
    expect(given).toEqual(Array.from({ length: given.length }, (_, n) => n + 1));
    expect(p.stored!.position).toBe(BigInt(sizes.reduce((sum, size) => sum + size, 0)));
  });

  it('of one takes one batch per call, as does a projection without batches', async () => {
    for (const parts of [{ batch: { maxFacts: 1, maxWait: 60_000 } }, {}]) {
      const p = projections.make(parts);
      await p.append('x', 'x');
      await p.append('x');
      await p.start();
      expect(p.calls).toEqual(['1+2/1', '3/1']);
    }
  });

  it('is filled from a backlog without waiting, across facts that do not match', async () => {
    const p = batched(3, 60_000);
    for (const types of [['x'], ['y', 'y'], ['x'], ['y'], ['x', 'y'], ['y'], ['x']]) {
      await p.append(...types);
    }
    await p.start();
    expect(p.calls).toEqual(['1+4+6/1']);
    // Its cursor stands at the end of the batch that filled it, facts that do not match included.
    expect(p.stored!.position).toBe(7n);
    await pass(60_000);
    expect(p.calls).toEqual(['1+4+6/1', '9/1']);
  });

  it('that fails is made again with the same facts, although others have come', async () => {
    const p = await batched(2, 1_000).start();
    p.handle = ({ attempt }) => attempt > 1;
    await p.append('x', 'x');
    await p.append('x');
    await pass(100);
    expect(p.calls).toEqual(['1+2/1', '1+2/2']);
    await pass(1_000);
    expect(p.calls).toEqual(['1+2/1', '1+2/2', '3/1']);
  });
});

describe('A query that nothing matches', () => {
  it('calls no handler, writes the cursor once for a page, and is live', async () => {
    const p = projections.make({ query: ofTypes('z') });
    for (let n = 0; n < 20; n++) await p.append('x');
    await p.start();
    expect(p.stored!.position).toBe(20n);
    expect(p.stepped.countOf('advance')).toBe(1);
    expect(p.told).toEqual(['starting', 'replaying', 'live']);
    await p.append('x');
    await p.append('x');
    expect(p.stored!.position).toBe(22n);
    expect(p.stepped.countOf('advance')).toBe(3);
    expect(p.calls).toEqual([]);
  });

  it('writes nothing on an empty log, however often it is woken up', async () => {
    const p = await projections.make().start();
    await pass(10_000);
    expect(p.told).toEqual(['starting', 'live']);
    expect(p.stepped.countOf('advance')).toBe(0);
  });
});
