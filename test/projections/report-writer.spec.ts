import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PermissionDeniedError, StorageError } from '../../lib/contract/errors.js';
import { ReportWriter } from '../../lib/projections/runner/report.js';
import { MemoryCursorStore } from '../../lib/stores/memory/cursor-store.js';
import { settle } from '../support/waiting/until.js';
import { stranger } from '../support/streams/owners.js';
import { SteppedCursorStore } from '../support/streams/stepped-cursor-store.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { SteppedProjections } from './support/stepped-projection.js';

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

const gone = new StorageError('the database is gone');
const reportOf = (state: string) => ({
  state,
  reason: null,
  code: null,
  attempts: 0,
  lastError: null,
});

/** A writer under the first epoch of the name `s`. */
function writing() {
  const memory = new MemoryCursorStore();
  memory.claim('s', memory.open('s', '"*"', 0n), stranger('first'));
  const stepped = new SteppedCursorStore(memory);
  const lost = new AbortController();
  const writer = new ReportWriter(
    (report) => stepped.cursorStore.report('s', 1n, report),
    lost.signal,
  );
  const report = async (...states: string[]): Promise<void> => {
    for (const state of states) writer.report(reportOf(state));
    await settle();
  };
  const stored = (): string | undefined => memory.find('s')!.report?.state;
  const written = (): number => stepped.countOf('report');
  return { memory, stepped, lost, writer, report, stored, written };
}

describe('An owner’s reports', () => {
  it('are written one after the other; what is outdated before its turn is left out', async () => {
    const { stepped, report, stored, written } = writing();
    const first = stepped.hold('report');
    await report('a', 'b', 'c');
    expect([stored(), written()]).toEqual([undefined, 1]);
    await first.write();
    await report('d');
    // Written, and not answered: the next one would overtake it.
    expect([stored(), written()]).toEqual(['a', 1]);
    await first.answer();
    await settle();
    expect([stored(), written()]).toEqual(['d', 2]);
    await report('e');
    expect([stored(), written()]).toEqual(['e', 3]);
  });

  it('are written again while the database does not answer, at growing intervals', async () => {
    const { stepped, report, stored, written } = writing();
    stepped.broken.set('report', gone);
    await report('a');
    for (const [delay, count] of [
      [49, 1],
      [1, 2],
      [99, 2],
      [1, 3],
      [199, 3],
      [1, 4],
    ] as const) {
      await pass(delay);
      expect(written()).toBe(count);
    }
    await report('b');
    expect(written()).toBe(4);
    stepped.broken.clear();
    await pass(400);
    expect([stored(), written()]).toEqual(['b', 5]);
    stepped.broken.set('report', gone);
    await report('c');
    // The intervals begin anew.
    await pass(50);
    expect(written()).toBe(7);
  });

  it('are written anew when another one came while the first failed', async () => {
    const { stepped, report, stored, written } = writing();
    const first = stepped.hold('report');
    await report('a', 'b');
    await first.answer(gone);
    await pass(50);
    expect([stored(), written()]).toEqual(['b', 2]);
  });

  it('are left out when trying again cannot help; later ones are tried', async () => {
    const { stepped, report, stored, written } = writing();
    stepped.broken.set('report', new PermissionDeniedError('not allowed'));
    await report('a');
    await pass(60_000);
    expect(written()).toBe(1);
    stepped.broken.clear();
    await report('b');
    expect([stored(), written()]).toEqual(['b', 2]);
  });

  it('end with their epoch, and with the lease', async () => {
    const { memory, lost, report, written } = writing();
    memory.claim('s', memory.find('s')!, stranger('second'));
    await report('a');
    expect(written()).toBe(1);
    expect(memory.find('s')!.report).toBeNull();
    lost.abort();
    await report('b');
    expect(written()).toBe(1);
  });

  it('are not waited with any longer when the lease is lost between two attempts', async () => {
    const { stepped, lost, report, written, writer } = writing();
    stepped.broken.set('report', gone);
    await report('a');
    lost.abort();
    await settle();
    await writer.end();
    await pass(60_000);
    expect(written()).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['is answered', undefined],
    ['fails', gone],
  ])('end when the one in flight %s, and nothing is written after that', async (_, loss) => {
    const { stepped, report, writer, stored, written } = writing();
    const first = stepped.hold('report');
    await report('a', 'b');
    let ended = false;
    const ending = writer.end().then(() => (ended = true));
    await first.write();
    await settle();
    expect(ended).toBe(false);
    await first.answer(loss);
    await ending;
    await report('c');
    await pass(60_000);
    expect([stored(), written()]).toEqual(['a', 1]);
  });

  it('that is late does not outlive that the projection has paused itself', async () => {
    const p = projections.make({ retry: { maxAttempts: 2, minDelay: 100, maxDelay: 100 } });
    p.handle = () => false;
    await p.append('x');
    await p.start();
    const late = p.hold('report');
    await p.append('x');
    // Of the second failure: asked for with the first one's report, it is still on its way.
    await pass(100);
    expect(p.stored!.paused).toBe(false);
    await late.answer();
    await settle();
    expect(p.stored).toMatchObject({ paused: true, report: { state: 'paused', attempts: 2 } });
  });
});
