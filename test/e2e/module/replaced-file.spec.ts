import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures } from '../../support/fixtures/applications.js';
import { Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = { event_type: 'noted', payload: {} };

describe('A SQLite file that is taken away from a running application', () => {
  it('stops its projections with a code, and they go on when it is back', async () => {
    const durable = new Inbox();
    const live = new Inbox();
    class Handlers {
      @DurableProjection({ name: 'all', query: {} })
      project(facts: EventRecord[]) {
        durable.handle(facts);
      }

      @OnFacts()
      onFacts(facts: EventRecord[]) {
        live.handle(facts);
      }
    }
    const path = join(await fixtures.folder(), 'facts.sqlite');
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'sqlite', path })],
      providers: [Handlers],
    });
    const store = app.get(FactstrStore);
    const projections = app.get(FactstrProjections);
    await store.append([fact]);
    await durable.holds(1);
    await projections.drained();
    renameSync(path, `${path}.old`);
    await expect(store.append([fact])).rejects.toMatchObject({ code: 'DATABASE_REPLACED' });
    const code = async () => (await projections.status('all')).code;
    await until(
      async () => (await code()) === 'DATABASE_REPLACED',
      () => 'the projection to tell why it does not go on',
    );
    expect(await projections.status('all')).toMatchObject({ state: 'stopped', position: 1n });
    renameSync(`${path}.old`, path);
    await store.append([fact]);
    await durable.holds(1, 2);
    await live.holds(1, 2);
    await projections.drained();
    expect(await projections.status('all')).toMatchObject({ state: 'live', code: null });
  });
});
