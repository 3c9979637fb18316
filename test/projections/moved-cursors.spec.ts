import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { StoredStream } from '../../lib/cursors/cursor-store.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { SteppedProjections } from './support/stepped-projection.js';

const projections = new SteppedProjections();
beforeEach(stepTime);
afterEach(async () => {
  await projections.end();
  jest.useRealTimers();
});

/** A projection whose predecessor handled three facts, and whose cursor is read as the test says. */
async function afterMove(change: (stored: StoredStream) => Partial<StoredStream>) {
  const former = projections.make();
  for (let n = 0; n < 3; n++) await former.append('x');
  await former.start();
  await former.runner.stop();
  const p = projections.make();
  p.stepped.present = former.stepped.present;
  p.log.present = former.store.log;
  const find = p.cursorStore.find.bind(p.cursorStore);
  p.cursorStore.find = (name) => {
    const stored = find(name)!;
    return { ...stored, ...change(stored) };
  };
  return { p, find };
}

/** As another engine moves it: forward, from fact 1. */
const movedFrom1 = ({ fingerprint }: StoredStream): Partial<StoredStream> => ({
  fingerprint: { ...fingerprint!, sequence_number: 1n },
});

describe('A projection that another engine moved', () => {
  it('says so once, and stores where it is', async () => {
    const { p, find } = await afterMove(movedFrom1);
    const advance = p.hold('advance');
    await p.start();
    expect(p.told[1]).toMatch(/^The cursor of projection "p" stands at 3, but it was stored at 1/);
    expect(p.told).not.toContain('live');
    p.cursorStore.find = find;
    await advance.answer();
    await settle();
    expect(p.told.slice(2)).toEqual(['live']);
    expect(p.calls).toEqual([]);
  });

  it('does not go on where another process has taken it meanwhile', async () => {
    const { p, find } = await afterMove(movedFrom1);
    const advance = p.hold('advance');
    await p.start();
    p.cursorStore.find = find;
    p.takeOver();
    await advance.answer();
    await pass(100);
    expect(p.told.slice(2)).toEqual(['starting: run by process 7 on elsewhere']);
  });

  it('to the beginning has no fact to store, and begins there', async () => {
    const { p } = await afterMove(() => ({ position: 0n }));
    await p.start();
    await p.called(3);
    expect(p.told[1]).toMatch(
      /stands at 0, but it was stored at 3 here: .* facts are handled again/,
    );
    expect(p.told.slice(2)).toEqual(['replaying', 'live']);
    expect(p.calls).toEqual(['1/1', '2/1', '3/1']);
  });
});
