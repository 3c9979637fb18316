import { afterEach, describe, expect, it } from '@jest/globals';
import { FactstrModule, FactstrStore } from 'nestjs-factstr';
import { TestProcess } from '../../support/child-process.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { liveAndDurable } from '../../support/fixtures/live-and-durable.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const Handlers = liveAndDurable('items', 'item-added');

describe.each(['sqlite', 'postgres'] as const)(
  '@OnFacts and @DurableProjection on %s',
  (provider) => {
    it('get what another application of this process appends', async () => {
      const options = await optionsOf(provider, fixtures);
      const app = await fixtures.app({
        imports: [FactstrModule.forRoot(options)],
        providers: [Handlers],
      });
      const other = await fixtures.app({ imports: [FactstrModule.forRoot(options)] });
      const { live, durable } = app.get(Handlers);
      for (let n = 1; n <= 3; n++) {
        await other.get(FactstrStore).append([{ event_type: 'item-added', payload: { n } }]);
      }
      await live.holds(1, 2, 3);
      await durable.holds(1, 2, 3);
    });

    it('get what another process appends, in order with our own', async () => {
      const options = await optionsOf(provider, fixtures);
      const app = await fixtures.app({
        imports: [FactstrModule.forRoot(options)],
        providers: [Handlers],
      });
      const { live, durable } = app.get(Handlers);
      const other = new TestProcess(new URL('./processes/append.ts', import.meta.url), options);
      fixtures.later(() => other.kill());
      expect(await other.next()).toBe('ready');
      for (const type of ['item-added', 'other', 'item-added']) {
        other.send(type);
        expect(await other.next()).toBe('appended');
      }
      await live.holds(1, 3);
      await app.get(FactstrStore).append([{ event_type: 'item-added', payload: {} }]);
      other.send('item-added');
      await live.holds(1, 3, 4, 5);
      await durable.holds(1, 3, 4, 5);
      other.send('end');
      expect(await other.exited).toBe('0');
    });
  },
);
