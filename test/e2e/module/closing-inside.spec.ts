import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, FactstrStore, OnFacts } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { machineTime } from '../../support/waiting/machine-time.mjs';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = { event_type: 'noted', payload: {} };

describe.each(['memory', 'sqlite', 'postgres'] as const)('On %s the store’s close', (provider) => {
  it.each(['live', 'durable'] as const)(
    'awaited in a %s handler closes behind it',
    async (kind) => {
      const steps: string[] = [];
      const close = async (facts: EventRecord[]): Promise<void> => {
        steps.push(`begun ${facts[0]!.sequence_number}`);
        await app.get(FactstrStore).close();
        steps.push('closed inside');
        await new Promise((resolve) => setImmediate(resolve));
        steps.push('handled');
      };
      class Live {
        @OnFacts()
        onFacts(facts: EventRecord[]) {
          return close(facts);
        }
      }
      class Durable {
        @DurableProjection({ name: 'closing', query: {} })
        project(facts: EventRecord[]) {
          return close(facts);
        }
      }
      const options = await optionsOf(provider, fixtures);
      const app = await fixtures.start(options, kind === 'live' ? Live : Durable);
      await app.get(FactstrStore).append([fact]);
      await until(
        () => steps.length > 0,
        () => 'the handler to be called',
      );
      const began = machineTime();
      await app.get(FactstrStore).close();
      // The 5 s for which a handler that does not settle is waited for did not pass.
      expect(machineTime() - began).toBeLessThan(4_500);
      expect(steps).toEqual(['begun 1', 'closed inside', 'handled']);
      await app.close();
      if (kind === 'live' || provider === 'memory') return;
      // Its cursor was stored: the fact does not come again.
      steps.length = 0;
      const later = await fixtures.start(options, Durable);
      await later.get(FactstrStore).append([fact]);
      await until(
        () => steps.length > 0,
        () => 'the next fact',
      );
      expect(steps[0]).toBe('begun 2');
    },
  );

  it('waits for a projection’s handler in flight', async () => {
    const steps: string[] = [];
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    class Durable {
      @DurableProjection({ name: 'slow', query: {} })
      async project() {
        steps.push('begun');
        await finished;
        steps.push('handled');
      }
    }
    const app = await fixtures.start(await optionsOf(provider, fixtures), Durable);
    await app.get(FactstrStore).append([fact]);
    await until(
      () => steps.length > 0,
      () => 'the handler to be called',
    );
    const closing = app
      .get(FactstrStore)
      .close()
      .then(() => steps.push('closed'));
    setImmediate(finish);
    await closing;
    expect(steps).toEqual(['begun', 'handled', 'closed']);
  });
});
