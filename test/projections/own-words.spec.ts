import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PermissionDeniedError } from '../../lib/contract/errors.js';
import type { Said } from '../../lib/projections/runner/runner.js';
import { settle } from '../support/waiting/until.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';
import { Running } from './support/running.js';
import { SteppedProjections } from './support/stepped-projection.js';

const projections = new SteppedProjections();
beforeEach(stepTime);
afterEach(async () => {
  await projections.end();
  jest.useRealTimers();
});

const broken = new PermissionDeniedError('not allowed');

/** The handler says a pause, which fails. */
const runners = {
  'that is leased': async (said?: Said) => {
    const p = projections.make();
    p.handle = () => {
      p.stepped.broken.set('intervene', broken);
      return p.say('pause', undefined, said);
    };
    await p.append('x');
    await p.start();
    await pass(1_000);
    expect(p.calls).toEqual(['1/1']);
    expect(p.state.is('live')).toBe(true);
  },
  // Its observer fails, as a logger may.
  'of a store that has the contract only': async (said?: Said) => {
    const p = await new Running().start();
    p.onTold = () => {
      throw broken;
    };
    p.handle = () => p.runner.intervene({ verb: 'pause', by: null }, said);
    await p.deliver(1);
    await pass(1_000);
    expect(p.calls).toEqual(['1/1']);
    p.onTold = () => undefined;
    await p.runner.stop();
  },
};

describe.each(Object.entries(runners))(
  'A word of the handler’s own of a projection %s',
  (_, say) => {
    it('is told of once when it fails', async () => {
      const failures: unknown[] = [];
      await say({ failed: (error) => failures.push(error) });
      expect(failures).toEqual([broken]);
    });

    it('may fail without being heard', async () => {
      const unhandled: unknown[] = [];
      const note = (error: unknown): void => void unhandled.push(error);
      process.on('unhandledRejection', note);
      try {
        await say();
        await settle();
        expect(unhandled).toEqual([]);
      } finally {
        process.off('unhandledRejection', note);
      }
    });
  },
);
