import { afterEach, describe, expect, it } from '@jest/globals';
import { FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import { postgres } from '../../support/providers/postgres.js';
import { sqlite } from '../../support/providers/sqlite.js';
import { until } from '../../support/waiting/until.js';
import { Fixtures } from '../../support/fixtures/applications.js';
import { liveAndDurable } from '../../support/fixtures/live-and-durable.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = { event_type: 'x', payload: {} };

const Handlers = liveAndDurable('items', 'x');

describe.each([sqlite, postgres])('On $name', (provider) => {
  async function start() {
    const database = await provider.create();
    fixtures.later(() => database.dispose());
    const store = await database.open({ leaseTtl: 1_000 });
    const run = () =>
      fixtures.app({
        imports: [FactstrModule.forRoot({ provider: 'custom', store })],
        providers: [Handlers],
      });
    const app = await run();
    const append = async (count: number) => {
      for (let n = 0; n < count; n++) await app.get(FactstrStore).append([fact]);
    };
    return { database, app, run, append, handlers: app.get(Handlers) };
  }

  it('a live handler says that its log was restored, and goes on with what came since', async () => {
    const { database, app, append, handlers } = await start();
    await append(3);
    await handlers.durable.holds(1, 2, 3);
    await until(
      async () => (await app.get(FactstrProjections).list())[0]!.position === 3n,
      () => 'the cursor to be stored',
    );
    const restore = await database.backUp();
    await append(5);
    await handlers.live.holds(1, 2, 3, 4, 5, 6, 7, 8);
    await restore();
    await append(7);
    await handlers.live.holds(1, 2, 3, 4, 5, 6, 7, 8, 4, 5, 6, 7, 8, 9, 10);
    const [status] = app.get(FactstrProjections).liveHandlers();
    expect(status).toMatchObject({ running: true, stuck: false, failures: 0, replaced: 1 });
    expect(status!.lastError).toMatch(/replaced.*fact 8.*after fact 3/s);
    expect(fixtures.log.of('error').filter((line) => line.includes('onFacts'))).toEqual([
      `Handlers.onFacts of store "default": ${status!.lastError}`,
    ]);
  });

  it('a projection whose cursor was restored with the log goes on from there, without a stop', async () => {
    for (let round = 1; round <= 5; round++) {
      const { database, app, append, handlers } = await start();
      const [projections, lost] = [app.get(FactstrProjections), 1 + round];
      await append(3);
      await until(
        async () => (await projections.list())[0]!.position === 3n,
        () => 'the cursor to be stored',
      );
      const restore = await database.backUp();
      await append(lost);
      await until(
        async () => (await projections.list())[0]!.position === BigInt(3 + lost),
        () => 'the cursor to be stored',
      );
      await restore();
      await append(4);
      await until(
        () => handlers.durable.flat.length === 3 + lost + 4,
        () => `facts 4 to 7 again; there are ${handlers.durable.flat.join()}`,
      );
      expect(handlers.durable.flat.slice(3 + lost)).toEqual([4, 5, 6, 7]);
      await until(
        async () => (await projections.list())[0]!.state === 'live',
        () => 'the projection to be live again',
      );
      expect(fixtures.log.of('error').filter((line) => line.includes('"items"'))).toEqual([]);
      await app.close();
    }
  });

  it('a projection whose cursor another engine moved says so once, with both numbers', async () => {
    const { database, app, run, append, handlers } = await start();
    await append(8);
    await handlers.durable.holds(1, 2, 3, 4, 5, 6, 7, 8);
    await until(
      async () => (await app.get(FactstrProjections).list())[0]!.position === 8n,
      () => 'the cursor to be stored',
    );
    await append(2);
    await handlers.durable.holds(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    await app.get(FactstrProjections).reset('items', 8n);
    await until(
      async () => (await app.get(FactstrProjections).list())[0]!.position === 10n,
      () => 'the cursor to be stored',
    );
    await app.close();
    await database.moveCursor('items', 8n);
    for (let starts = 0; starts < 3; starts++) {
      const next = await run();
      await until(
        async () => (await next.get(FactstrProjections).list())[0]!.position === 10n,
        () => 'the projection to go on',
      );
      await next.close();
    }
    expect(fixtures.log.of('warn').filter((line) => line.includes('another engine'))).toEqual([
      expect.stringMatching(/projection "items" stands at 8.*stored at 10/),
    ]);
  });
});
