import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestingModule } from '@nestjs/testing';
import { FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { liveAndDurable } from '../support/fixtures/live-and-durable.js';
import { startPostgresServer } from '../support/postgres.js';
import type { PostgresServer } from '../support/postgres.js';

const fixtures = new Fixtures();
let server: PostgresServer;

const Handlers = liveAndDurable('all');

describe('When Postgres goes away and comes back', () => {
  beforeAll(async () => {
    server = await startPostgresServer();
  });

  afterAll(async () => {
    await fixtures.clean();
    await server.end();
  });

  const start = (handlers: boolean) =>
    fixtures.app({
      imports: [
        FactstrModule.forRoot({
          provider: 'postgres',
          url: server.url,
          handlers,
          connectionTimeout: 1_000,
          pollInterval: 100,
        }),
      ],
      providers: [Handlers],
    });

  const reaches = (app: TestingModule, state: string) =>
    until(
      async () => (await app.get(FactstrProjections).status('all')).state === state,
      () => `state ${state}`,
    );

  const append = (app: TestingModule) =>
    app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);

  it('handlers that run go on without gap or repetition', async () => {
    const app = await start(true);
    const { live, durable } = app.get(Handlers);
    await append(app);
    await live.holds(1);
    await durable.holds(1);
    await reaches(app, 'live');
    await server.stop();
    await expect(append(app)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await app.get(FactstrProjections).status('all')).toMatchObject({
      head: null,
      lag: null,
    });
    await server.start();
    await append(app);
    await live.holds(1, 2);
    await durable.holds(1, 2);
    await app.close();
  });

  it('a projection that starts meanwhile is retrying, with the code, and then runs', async () => {
    const app = await start(false);
    await server.stop();
    await app.get(FactstrProjections).start({ live: false });
    await reaches(app, 'retrying');
    expect(await app.get(FactstrProjections).status('all')).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      reason: expect.stringContaining('"postgres" on'),
    });
    expect(fixtures.log.of('warn')).toContainEqual(
      expect.stringMatching(/^Projection "all" \(Handlers\.project\) is retrying: /),
    );
    await server.start();
    await reaches(app, 'live');
    await append(app);
    await app.get(Handlers).durable.holds(3);
  });
});
