import { afterEach, expect, it } from '@jest/globals';
import { DurableProjection, FactstrModule, FactstrStore } from 'nestjs-factstr';
import { FactstrDashboardModule } from 'nestjs-factstr/dashboard';
import { Fixtures, natsOptionsOf } from '../../support/fixtures/applications.js';
import { NatsCluster } from '../../support/nats/server.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { nats } from '../../support/servers/servers.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

class Items {
  @DurableProjection({ name: 'items', query: 'x' })
  project(): void {}
}

describeWith(nats, 'The page of an application with its log on NATS', () => {
  it('says that the servers are away, although the facts are shown, and no more when they are back', async () => {
    const cluster = await NatsCluster.start();
    fixtures.later(() => cluster.stop());
    const [server] = cluster.servers;
    const module = await fixtures.compile({
      imports: [
        FactstrModule.forRoot(natsOptionsOf(cluster)),
        FactstrDashboardModule.forRoot({ public: true }),
      ],
      providers: [Items],
    });
    const app = module.createNestApplication();
    fixtures.later(() => app.close());
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    let last = '';
    const shows = (words: string | RegExp): Promise<void> =>
      until(
        async () => {
          last = await (await fetch(`http://127.0.0.1:${port}/factstr`)).text();
          return words instanceof RegExp ? words.test(last) : last.includes(words);
        },
        () => `the page to say ${words}: ${last}`,
      );
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await shows('<p class="summary good">');
    expect(last).not.toContain('cannot be reached');

    await server!.kill();
    const begun = performance.now();
    await shows(/The log cannot be reached: DATABASE_UNAVAILABLE/);
    // Its cursors, which cannot be read either, are not waited for.
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(last).toContain('; the log of default cannot be reached');
    expect(last).toContain('<p><span class="big">1</span> facts</p>');

    server!.start();
    await server!.ready();
    await shows('<p class="summary good">');
    expect(last).not.toContain('cannot be reached');
  });
});
