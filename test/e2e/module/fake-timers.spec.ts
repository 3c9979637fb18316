import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(async () => {
  jest.useRealTimers();
  await fixtures.clean();
});

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];

/** As docs/module.md gives it. */
function fakeTheClock(): void {
  jest.useFakeTimers({
    doNotFake: [
      'nextTick',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'performance',
      'hrtime',
    ],
  });
}

describe.each(providers)('On %s, with a clock that Jest fakes', (provider) => {
  it('projections are delivered to and drained, and the application ends', async () => {
    class Handlers {
      readonly inbox = new Inbox();

      @DurableProjection({ name: 'all', query: {} })
      project(facts: EventRecord[]) {
        this.inbox.handle(facts);
      }
    }
    fakeTheClock();
    jest.setSystemTime(new Date('2001-02-03T04:05:06Z'));
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
      providers: [Handlers],
    });
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await app.get(FactstrProjections).drained();
    await app.get(Handlers).inbox.holds(1);
    expect(Date.now()).toBe(Date.parse('2001-02-03T04:05:06Z'));
    await app.close();
  });
});
