import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { rabbitmqTarget, TargetUnavailableError } from 'nestjs-factstr/relay';
import type { RabbitMqTargetOptions, RelayTarget } from 'nestjs-factstr/relay';
import { pause } from '../../../lib/support/async/turns.js';
import { failureOf } from '../../support/failure-of.js';
import { TestProxy } from '../../support/postgres/proxy.js';
import { takeIds } from '../../support/rabbitmq/queue.js';
import { RabbitMqServer } from '../../support/rabbitmq/server.js';
import { disturb } from '../../support/relay/disturb.js';
import { always, idsOf, relayedFacts, SOURCE } from '../../support/relay/facts.js';
import { judge } from '../../support/relay/received.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { rabbitMq } from '../../support/servers/servers.js';

describeWith(rabbitMq, 'The RabbitMQ target, when connections and servers break', () => {
  let server: RabbitMqServer;
  let proxy: TestProxy;
  const targets: RelayTarget[] = [];

  beforeAll(async () => {
    server = await RabbitMqServer.start();
    proxy = await TestProxy.start(server.url);
  }, 120_000);
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  afterEach(async () => {
    await Promise.all(targets.splice(0).map((target) => target.close()));
  });

  function targetFor(queue: string, options: Partial<RabbitMqTargetOptions> = {}): RelayTarget {
    const target = rabbitmqTarget({
      url: proxy.url,
      queue,
      create: { type: 'classic' },
      ...options,
    })();
    targets.push(target);
    return target;
  }

  it('loses nothing and keeps the order, whenever connections are cut', async () => {
    const facts = relayedFacts(8_000);
    const failures = await disturb(targetFor('cut'), 'cut', facts, async () => {
      await pause(Math.random() * 25);
      proxy.cut();
    });
    const { lost, reordered } = judge(idsOf(facts), [await takeIds(server.url, 'cut')]);
    expect({ lost, reordered }).toEqual({ lost: 0, reordered: 0 });
    expect(failures.length).toBeGreaterThan(5);
    for (const failure of failures) expect(failure).toBeInstanceOf(TargetUnavailableError);
  });

  it.each([
    ['classic', 2],
    ['quorum', 1],
  ] as const)(
    'loses nothing and keeps the order, when the server of a %s queue is killed',
    async (type, times) => {
      const facts = relayedFacts(8_000);
      const target = targetFor(type, { create: { type } });
      await target.open({ name: type, source: SOURCE }, always());
      // RabbitMQ 3.10 has a new quorum queue on disk after minutes, or when it ends in order.
      await server.kill('SIGTERM');
      await server.run();
      let kills = 0;
      await disturb(target, type, facts, async () => {
        if (kills === times) return pause(5);
        kills++;
        await pause(Math.random() * 25);
        await server.kill();
        await server.run();
      });
      expect(kills).toBe(times);
      const { lost, reordered } = judge(idsOf(facts), [await takeIds(server.url, type)]);
      expect({ lost, reordered }).toEqual({ lost: 0, reordered: 0 });
    },
  );

  it('gives up a frozen server at the call’s deadline, and goes on when it is back', async () => {
    const target = targetFor('frozen');
    const identity = { name: 'frozen', source: SOURCE };
    const facts = relayedFacts(20);
    await target.open(identity, always());
    await target.send(facts.slice(0, 10), always());
    server.signal('SIGSTOP');
    const failure = await failureOf(() => target.send(facts.slice(10), AbortSignal.timeout(200)));
    expect(failure).toBeInstanceOf(TargetUnavailableError);
    server.signal('SIGCONT');
    await target.open(identity, always());
    await target.send(facts.slice(10), always());
    const { lost, reordered } = judge(idsOf(facts), [await takeIds(server.url, 'frozen')]);
    expect({ lost, reordered }).toEqual({ lost: 0, reordered: 0 });
  });
});
