import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StorageError } from '../../lib/contract/errors.js';
import { fingerprintOf } from '../../lib/streams/reader/fingerprint.js';
import { settle } from '../support/waiting/until.js';
import { stranger } from '../support/streams/owners.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
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

const report = { state: 'stuck', reason: 'why', code: 'C', attempts: 2, lastError: 'e' };

/** A projection that another process runs, or ran. */
function afterAnother() {
  const p = projections.make();
  p.cursorStore.open('p', '{"filters":null,"min_sequence_number":null}', 0n);
  p.cursorStore.claim('p', p.stored!, stranger('other'));
  return p;
}

describe('A projection that another process runs', () => {
  it('is looked at every interval, told with its holder and its cursor, and taken when that is silent', async () => {
    const p = afterAnother();
    await p.append('x');
    const [batch] = await p.store.log.readBatches(0n, 1);
    p.cursorStore.advance('p', 1n, fingerprintOf(batch!.event_records[0]!));
    await p.start();
    expect(p.told).toEqual(['starting', 'starting: run by process 7 on elsewhere']);
    expect(p.state.storedPosition).toBe(1n);
    const looked = p.stepped.countOf('find');
    await pass(99);
    expect(p.stepped.countOf('find')).toBe(looked);
    await pass(1);
    expect(p.stepped.countOf('find')).toBe(looked + 1);
    p.cursorStore.renew('p', 1n);
    await pass(900);
    expect(p.runner.owned).toBe(false);
    await pass(200);
    expect(p.runner.owned).toBe(true);
    expect(p.stepped.countOf('open')).toBe(1);
  });

  it('is looked at after half the interval where chance is least', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const p = await afterAnother().start();
    const looked = p.stepped.countOf('find');
    await pass(49);
    expect(p.stepped.countOf('find')).toBe(looked);
    await pass(1);
    expect(p.stepped.countOf('find')).toBe(looked + 1);
  });

  it('has its report written anew when it comes back, although nothing changed here', async () => {
    const p = await projections.make().start();
    p.takeOver();
    p.cursorStore.report('p', 2n, report);
    p.cursorStore.release('p', 2n);
    await pass(400);
    expect(p.stored).toMatchObject({ epoch: 3n, report: { state: 'live', reason: null } });
    // Whose lease was lost has not failed.
    expect(p.told).toEqual(['starting', 'live']);
  });

  it('is opened anew when its row was not to be had although nobody runs it', async () => {
    const p = projections.make();
    const claim = p.hold('claim');
    await p.start();
    p.takeOver();
    p.cursorStore.release('p', 1n);
    await claim.answer();
    await pass(200);
    expect(p.stepped.countOf('open')).toBe(2);
    expect(p.runner.owned).toBe(true);
  });

  it.each([
    [{ ...report, state: 'paused' }, 'why', 'C'],
    [{ ...report, state: 'paused', reason: null, code: null }, 'paused by an operator', null],
    [report, 'paused by an operator', null],
    [undefined, 'paused by an operator', null],
  ])('and that reported %j is paused because: %s', async (told, reason, code) => {
    const p = afterAnother();
    if (told !== undefined) p.cursorStore.report('p', 1n, told);
    p.cursorStore.intervene('p', { verb: 'pause', by: null });
    await p.start();
    await pass(1_000);
    expect(p.state.report()).toMatchObject({ state: 'paused', reason, code });
    expect(p.stepped.countOf('open')).toBe(1);
    // It goes on at once, not with the next look.
    await p.say('resume');
    await settle();
    expect(p.state.is('live')).toBe(true);
  });
});

describe('While a lease is being taken', () => {
  /** The look under the new lease is held. */
  async function looking() {
    const p = projections.make();
    await p.append('x');
    const claim = p.hold('claim');
    await p.start();
    const look = p.hold('find');
    await claim.answer();
    await look.asked;
    return { p, look };
  }

  it('a pause that was said elsewhere stays said', async () => {
    const { p, look } = await looking();
    p.cursorStore.intervene('p', { verb: 'pause', by: null });
    await look.answer();
    await settle();
    expect(p.calls).toEqual([]);
    expect(p.told).not.toContain('replaying');
    await pass(100);
    expect(p.state.is('paused')).toBe(true);
  });

  it('a query that was taken elsewhere is not mixed with this one', async () => {
    const { p, look } = await looking();
    p.cursorStore.intervene('p', {
      verb: 'reset',
      by: null,
      position: 0n,
      queryText:
        '{"filters":[{"event_types":["y"],"payload_predicates":null}],"min_sequence_number":null}',
    });
    await look.answer();
    await settle();
    expect(p.state.report()).toMatchObject({
      state: 'stopped',
      code: 'DURABLE_STREAM_QUERY_CHANGED',
    });
    expect(p.calls).toEqual([]);
  });

  it('a stop leaves it as it is', async () => {
    const { p, look } = await looking();
    const stopping = p.runner.stop();
    await look.answer();
    await stopping;
    expect(p.told).toEqual(['starting', 'stopped: the application is shutting down']);
    expect(p.stored!.owner).toBeNull();
  });

  it('and the look before is held: a stop claims nothing any more', async () => {
    const p = projections.make();
    const look = p.hold('open');
    await p.start();
    const stopping = p.runner.stop();
    await look.answer();
    await stopping;
    expect(p.stepped.countOf('claim')).toBe(0);
    const looked = p.stepped.countOf('find');
    p.runner.start();
    await pass(1_000);
    expect(p.stepped.countOf('find')).toBe(looked);
    expect(p.told.at(-1)).toBe('stopped: the application is shutting down');
  });

  it('and is refused after a stop, it is no failure', async () => {
    const p = projections.make();
    const claim = p.hold('claim');
    await p.start();
    const stopping = p.runner.stop();
    await claim.refuse(new StorageError('the database is gone'));
    await stopping;
    expect(p.told).toEqual(['starting', 'stopped: the application is shutting down']);
    expect(p.state.report().lastError).toBeNull();
  });
});

describe('A projection', () => {
  it('that is started twice runs once', async () => {
    const p = await projections.make().start();
    await p.start();
    await pass(100);
    expect(p.stepped.countOf('open')).toBe(1);
    expect(p.told).toEqual(['starting', 'live']);
  });

  it('shows what is stored of it', async () => {
    const p = projections.make({
      onFailure: 'park',
      retry: { maxAttempts: 1, minDelay: 1, maxDelay: 1 },
    });
    p.handle = () => false;
    await p.append('x');
    await p.start();
    await p.say('pause');
    expect(await p.runner.stored()).toEqual(p.stored);
    expect(await p.runner.parked()).toMatchObject([{ sequence_number: 1n }]);
    expect(await p.runner.interventions()).toMatchObject([{ verb: 'pause', by: 'test' }]);
    // Nobody asked for a retry: they are counted, not handled.
    p.calls.length = 0;
    await p.say('resume');
    await p.reaches('parked-some');
    expect([p.calls, p.state.report().reason]).toEqual([[], '1 fact(s) are parked']);
  });

  it('whose store is closed is told nothing any more, and says so as a failure', async () => {
    const p = await projections.make().start();
    p.close();
    await settle();
    await expect(p.say('pause')).rejects.toMatchObject({
      code: 'STORE_CLOSED',
      message: 'The store is closed.',
    });
    expect(p.told.at(-1)).toBe('! stopped: The store was closed.');
    expect(p.cursorStore.interventions('p')).toEqual([]);
  });

  it('with another query than before is stopped and looked at again, until it is reset', async () => {
    const p = projections.make({ query: ofTypes('x') });
    await p.append('y');
    p.cursorStore.open('p', '{"filters":null,"min_sequence_number":null}', 1n);
    await p.append('x');
    await p.start();
    expect(p.state.report()).toMatchObject({
      state: 'stopped',
      code: 'DURABLE_STREAM_QUERY_CHANGED',
      reason:
        'The projection "p" was run with another query before: fact 1 ("y"), which its cursor at 1 has passed, matches that one and not the new one. Two ways out: reset it (FactstrProjections.rebuild), which takes the new query and starts over, or give it a new version or name.',
    });
    const looked = p.stepped.countOf('find');
    await pass(399);
    expect(p.stepped.countOf('find')).toBe(looked);
    await pass(1);
    expect(p.stepped.countOf('find')).toBe(looked + 1);
    await p.say('pause');
    await p.say('resume');
    await pass(1_000);
    expect(p.state.is('stopped')).toBe(true);
    await p.say('reset', 0n);
    await p.reaches('live');
    expect(p.calls).toEqual(['2/1']);
  });

  it('that was transactional is told to stop by its own store only by a reset', async () => {
    const p = afterAnother();
    p.cursorStore.intervene('p', { verb: 'transactional', by: null });
    await p.start();
    expect(p.state.report()).toMatchObject({ state: 'stopped', code: 'CURSOR_ELSEWHERE' });
    await expect(p.say('pause')).rejects.toMatchObject({ code: 'CURSOR_ELSEWHERE' });
    await p.say('reset', 0n);
    await p.reaches('live');
  });

  it('that is reset here is not told as run by another process meanwhile', async () => {
    const p = await projections.make().start();
    await p.append('x');
    p.told.length = 0;
    await p.say('reset', 0n);
    await pass(100);
    expect(p.told).toEqual(['replaying', 'live']);
    expect(p.calls).toEqual(['1/1', '1/1']);
  });

  it('is told by the code that clears its read model without waiting for itself', async () => {
    const p = await projections.make().start();
    const done: string[] = [];
    await p.say('rebuild', 0n, {
      onReset: async (manager) => {
        expect(manager).toBeUndefined();
        await p.say('pause');
        done.push('cleared');
      },
      failed: () => undefined,
    });
    await pass(100);
    expect(done).toEqual(['cleared']);
    expect(p.state.is('paused')).toBe(true);
  });

  it('listens to the log while it runs only', async () => {
    const p = projections.make();
    let listening = 0;
    p.log.onCommit = () => {
      listening++;
      return () => listening--;
    };
    await p.start();
    expect(listening).toBe(1);
    await p.say('pause');
    expect(listening).toBe(0);
  });
});
