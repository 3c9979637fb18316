import { afterEach, expect, it } from '@jest/globals';
import { FactstrModule, FactstrStore } from 'nestjs-factstr';
import { FactstrHealthIndicator, FactstrTerminusModule } from 'nestjs-factstr/terminus';
import { Fixtures, natsOptionsOf } from '../../support/fixtures/applications.js';
import { NatsCluster } from '../../support/nats/server.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { nats } from '../../support/servers/servers.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

describeWith(nats, 'The health of an application with its log on NATS', () => {
  it('is down while the servers are away, although local reads answer, and up when they are back', async () => {
    const cluster = await NatsCluster.start();
    fixtures.later(() => cluster.stop());
    const [server] = cluster.servers;
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(natsOptionsOf(cluster)), FactstrTerminusModule],
    });
    const store = app.get(FactstrStore);
    const health = app.get(FactstrHealthIndicator);
    await store.append([{ event_type: 'x', payload: {} }]);
    const up = { factstr: { status: 'up', stores: { default: { head: '1' } } } };
    expect(await health.isReady('factstr')).toEqual(up);

    await server!.kill();
    expect((await store.query({})).current_context_version).toBe(1n);
    expect(await health.isReady('factstr', { timeout: 2_000 })).toMatchObject({
      factstr: { status: 'down' },
    });
    expect((await store.query({})).current_context_version).toBe(1n);
    // It is none of the reasons to restart a process.
    expect(await health.isAlive('factstr')).toMatchObject({ factstr: { status: 'up' } });

    server!.start();
    await server!.ready();
    let last = await health.isReady('factstr');
    await until(
      async () => {
        last = await health.isReady('factstr');
        return last['factstr'].status === 'up';
      },
      () => `the store to be up: ${JSON.stringify(last)}`,
    );
    expect(last).toEqual(up);
  });

  it('is down where a server hangs, within its time', async () => {
    const cluster = await NatsCluster.start();
    fixtures.later(() => cluster.stop());
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot({
          provider: 'nats',
          servers: cluster.urls,
          stream: 'facts',
          replicas: 1,
          durability: 'replicated',
        }),
        FactstrTerminusModule,
      ],
    });
    const health = app.get(FactstrHealthIndicator);
    cluster.servers[0]!.signal('SIGSTOP');
    // The signal takes effect a moment later.
    let last = await health.isReady('factstr', { timeout: 500 });
    await until(
      async () => {
        last = await health.isReady('factstr', { timeout: 500 });
        return last['factstr'].status === 'down';
      },
      () => `the store to be down: ${JSON.stringify(last)}`,
    );
    expect(last).toMatchObject({
      factstr: { stores: { default: { down: 'no answer within 500 ms' } } },
    });
    cluster.servers[0]!.signal('SIGCONT');
  });
});
