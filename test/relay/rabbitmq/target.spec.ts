import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { InvalidOptionsError } from 'nestjs-factstr';
import { rabbitmqTarget, TargetRefusedError, TargetUnavailableError } from 'nestjs-factstr/relay';
import type { RabbitMqTargetOptions, RelayTarget } from 'nestjs-factstr/relay';
import { failureOf } from '../../support/failure-of.js';
import { freePorts } from '../../support/free-ports.js';
import { onServer, takeAll, takeIds } from '../../support/rabbitmq/queue.js';
import { RabbitMqServer } from '../../support/rabbitmq/server.js';
import { always, idsOf, relayedFacts, SOURCE } from '../../support/relay/facts.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { stopwatch } from '../../support/waiting/stopwatch.js';
import { rabbitMq } from '../../support/servers/servers.js';

const url = 'amqp://a:secret@b';

describe('The RabbitMQ target’s options', () => {
  it.each<[object, string]>([
    [{ queue: 'q' }, 'url is an address such as amqp://user:password@host:5672/vhost'],
    [{ url: 'http://a', queue: 'q' }, 'url is an address'],
    [{ url }, 'name either an exchange or a queue'],
    [{ url, queue: 'q', exchange: 'e' }, 'name either an exchange or a queue'],
    [
      { url, queue: 'q', routingKey: () => 'k' },
      'a queue takes no routingKey: its name is the key',
    ],
    [
      { url, queue: 'q', create: { type: 'topic' } },
      'create.type is one of quorum, classic, stream',
    ],
    [{ url, exchange: 'e', confirm: true }, 'knows no option "confirm"; known are url, '],
  ])('%j are refused', async (options, reason) => {
    const failure = await failureOf(() => rabbitmqTarget(options as RabbitMqTargetOptions));
    expect(failure).toBeInstanceOf(InvalidOptionsError);
    expect(failure?.message).toContain(reason);
  });

  it('are told without the password', () => {
    const target = rabbitmqTarget({ url: [`${url}/vhost`, 'amqps://c:5671'], exchange: 'facts' })();
    expect(target.label).toBe('exchange "facts" on amqp://b/vhost, amqps://c:5671');
  });
});

describeWith(rabbitMq, 'The RabbitMQ target', () => {
  let server: RabbitMqServer;
  const opened: RelayTarget[] = [];
  const identity = { name: 'relay', source: SOURCE };

  beforeAll(
    async () => (server = await RabbitMqServer.start(['max_message_size = 100000'])),
    120_000,
  );
  afterAll(() => server?.stop());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((target) => target.close()));
  });

  function targetFor(options: Partial<RabbitMqTargetOptions>): RelayTarget {
    const target = rabbitmqTarget({ url: server.url, ...options })();
    opened.push(target);
    return target;
  }

  async function toQueue(
    options: Partial<RabbitMqTargetOptions> = {},
  ): Promise<{ target: RelayTarget; queue: string }> {
    const queue = `facts-${randomUUID()}`;
    const target = targetFor({ queue, create: { type: 'classic' }, ...options });
    await target.open(identity, always());
    return { target, queue };
  }

  it('sends facts as CloudEvents, in their order, to outlast a restart', async () => {
    const { target, queue } = await toQueue();
    const facts = relayedFacts(1_200);
    await target.send(facts.slice(0, 700), always());
    await target.send(facts.slice(700), always());
    const messages = await takeAll(server.url, queue);
    expect(messages.map(({ properties }) => String(properties.messageId))).toEqual(idsOf(facts));
    const { content, properties } = messages[0]!;
    expect(content.toString()).toBe('{"order":1,"n":1}');
    expect(properties).toMatchObject({ contentType: 'application/json', deliveryMode: 2 });
    expect(properties.headers).toEqual({
      'cloudEvents:specversion': '1.0',
      'cloudEvents:id': '1',
      'cloudEvents:source': SOURCE,
      'cloudEvents:type': 'order-placed',
      'cloudEvents:time': facts[0]!.event.time,
      'cloudEvents:sequence': '0000000000000000001',
      'cloudEvents:batchend': '1',
    });
  });

  it('sends whole events where that is asked for', async () => {
    const { target, queue } = await toQueue({ mode: 'structured', create: { type: 'quorum' } });
    const [fact] = relayedFacts(1);
    await target.send([fact!], always());
    const [message] = await takeAll(server.url, queue);
    expect(message!.properties.contentType).toBe('application/cloudevents+json; charset=UTF-8');
    expect(JSON.parse(message!.content.toString())).toEqual(fact!.event);
  });

  it('routes facts by their type, or by a key of their own', async () => {
    const exchange = `exchange-${randomUUID()}`;
    const target = targetFor({ exchange, create: { type: 'topic' } });
    await target.open(identity, always());
    await onServer(server.url, async (channel) => {
      for (const [queue, pattern] of [
        [`${exchange}-orders`, 'order-*'],
        [`${exchange}-all`, '#'],
      ] as const) {
        await channel.assertQueue(queue);
        await channel.bindQueue(queue, exchange, pattern.replace('order-*', 'order-placed'));
      }
    });
    const facts = relayedFacts(10, { type: (n) => (n % 2 === 0 ? 'order-placed' : 'paid') });
    await target.send(facts, always());
    const byKey = targetFor({
      exchange,
      routingKey: ({ sequence_number }) => `n.${sequence_number}`,
    });
    await byKey.open(identity, always());
    await byKey.send(relayedFacts(1, { from: 11 }), always());
    expect(await takeIds(server.url, `${exchange}-orders`)).toEqual(['2', '4', '6', '8', '10']);
    const all = await takeAll(server.url, `${exchange}-all`);
    expect(all.map(({ properties }) => properties.messageId as string)).toHaveLength(11);
    expect(all.at(-1)!.fields.routingKey).toBe('n.11');
  });

  it('fails for a fact that no queue takes, and lets none of its key overtake it', async () => {
    const exchange = `exchange-${randomUUID()}`;
    const target = targetFor({ exchange, create: { type: 'direct' } });
    await target.open(identity, always());
    const facts = relayedFacts(600, { type: (n) => (n % 3 === 0 ? 'paid' : 'placed') });
    const bind = (key: string): Promise<unknown> =>
      onServer(server.url, async (channel) => {
        await channel.assertQueue(exchange);
        await channel.bindQueue(exchange, exchange, key);
      });
    await bind('placed');
    for (let attempt = 0; attempt < 2; attempt++) {
      const failure = await failureOf(() => target.send(facts, always()));
      expect(failure).toBeInstanceOf(TargetRefusedError);
      expect(failure?.message).toBe(
        `No queue takes the fact 3: none is bound to the exchange "${exchange}" for the routing key "paid" (NO_ROUTE). Bind one, or let the relay's query leave such facts out.`,
      );
      await target.open(identity, always());
    }
    await takeAll(server.url, exchange);
    await bind('paid');
    await target.send(facts, always());
    expect(await takeIds(server.url, exchange)).toEqual(idsOf(facts));
  });

  it('sends nothing after the first fact of a relay, while no queue takes that', async () => {
    const exchange = `exchange-${randomUUID()}`;
    const target = targetFor({ exchange, create: { type: 'fanout' } });
    await target.open(identity, always());
    const facts = relayedFacts(50);
    const sending = failureOf(() => target.send(facts, always()));
    expect((await sending)?.message).toContain('No queue takes the fact 1:');
    await onServer(server.url, async (channel) => {
      await channel.assertQueue(exchange);
      await channel.bindQueue(exchange, exchange, '');
    });
    await target.send(facts, always());
    expect(await takeIds(server.url, exchange)).toEqual(idsOf(facts));
  });

  it('fails for a fact that a full queue refuses, and goes on when there is room', async () => {
    const queue = `full-${randomUUID()}`;
    await onServer(server.url, (channel) =>
      channel.assertQueue(queue, {
        arguments: { 'x-max-length': 10, 'x-overflow': 'reject-publish' },
      }),
    );
    const target = targetFor({ queue, inFlight: 1 });
    await target.open(identity, always());
    const facts = relayedFacts(15);
    const failure = await failureOf(() => target.send(facts, always()));
    expect(failure).toBeInstanceOf(TargetUnavailableError);
    expect(failure?.message).toMatch(
      /^A queue refused the fact 1\d \(routing key "full-.+"\): it is full/,
    );
    const first = await takeIds(server.url, queue);
    await target.open(identity, always());
    await target.send(facts.slice(first.length), always());
    expect([...first, ...(await takeIds(server.url, queue))]).toEqual(idsOf(facts));
  });

  it('refuses a fact that is too large, by its number', async () => {
    const { target, queue } = await toQueue();
    const payload = (n: number): Record<string, unknown> => ({
      text: 'x'.repeat(n === 4 ? 100_001 : n),
    });
    const facts = relayedFacts(8, { payload });
    const failure = await failureOf(() => target.send(facts, always()));
    expect(failure).toBeInstanceOf(TargetRefusedError);
    expect(failure?.message).toMatch(
      /^The fact 4 has 1000\d\d bytes as a message, and RabbitMQ takes 100000: raise its max_message_size/,
    );
    await target.open(identity, always());
    await target.send(facts.slice(4), always());
    expect((await takeIds(server.url, queue)).slice(-4)).toEqual(['5', '6', '7', '8']);
  });

  it.each([
    [
      { queue: 'missing' },
      'The queue "missing" on ADDRESS refuses: it is not there: create it, or say how',
    ],
    [{ exchange: 'missing' }, 'The exchange "missing" on ADDRESS refuses: it is not there'],
    [
      { exchange: 'amq.topic', create: { type: 'fanout' } },
      'it is there with other properties than',
    ],
  ] as const)('says what to do where %j', async (options, reason) => {
    const target = targetFor(options);
    const failure = await failureOf(() => target.open(identity, always()));
    expect(failure).toBeInstanceOf(TargetRefusedError);
    expect(failure?.message).toContain(
      reason.replace('ADDRESS', `amqp://127.0.0.1:${server.port}`),
    );
  });

  it('says that the user or the virtual host is refused, without the password', async () => {
    const wrong = server.url.replace('guest:guest', 'guest:secret');
    const failure = await failureOf(() =>
      targetFor({ url: wrong, queue: 'q' }).open(identity, always()),
    );
    expect(failure).toBeInstanceOf(TargetRefusedError);
    expect(failure?.message).toContain('the user, the password or a permission is wrong');
    expect(failure?.message).not.toContain('secret');
    const elsewhere = targetFor({ url: `${server.url}/elsewhere`, queue: 'q' });
    const other = await failureOf(() => elsewhere.open(identity, always()));
    expect(other).toBeInstanceOf(TargetRefusedError);
    expect(other?.message).toContain('the virtual host of the url is not there');
  });

  it('says which nodes do not answer, and takes the next that does', async () => {
    const [port] = await freePorts(1);
    const away = `amqp://127.0.0.1:${port}`;
    const failure = await failureOf(() =>
      targetFor({ url: away, queue: 'q' }).open(identity, always()),
    );
    expect(failure).toBeInstanceOf(TargetUnavailableError);
    expect(failure?.message).toContain(
      `The queue "q" on ${away} is not available: connect ECONNREFUSED`,
    );
    await toQueue({ url: [away, server.url] });
  });

  it('sends thousands of facts a second', async () => {
    const { target } = await toQueue();
    const facts = relayedFacts(10_000, { payload: (n) => ({ n, text: 'x'.repeat(200) }) });
    const watch = stopwatch();
    for (let n = 0; n < facts.length; n += 1_000) {
      await target.send(facts.slice(n, n + 1_000), always());
    }
    const perSecond = Math.round((facts.length / watch().machine) * 1_000);
    console.log(`RabbitMQ: ${perSecond} facts/s`);
    expect(perSecond).toBeGreaterThan(2_000);
  });
});
