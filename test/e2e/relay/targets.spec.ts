import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { TestingModule } from '@nestjs/testing';
import { FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { FactstrOptions, NewEvent } from 'nestjs-factstr';
import { FactstrRelayModule, kafkaTarget, rabbitmqTarget } from 'nestjs-factstr/relay';
import type { RelayTargetFactory } from 'nestjs-factstr/relay';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { KafkaServer } from '../../support/kafka/server.js';
import { readTopic } from '../../support/kafka/topic-reader.js';
import { onServer, takeIds } from '../../support/rabbitmq/queue.js';
import { RabbitMqServer } from '../../support/rabbitmq/server.js';
import { describeWith } from '../../support/servers/describe-with.js';
import type { TestedServer } from '../../support/servers/servers.js';
import { kafka, rabbitMq } from '../../support/servers/servers.js';
import { until } from '../../support/waiting/until.js';

/** A target with its server, as a consumer sees it. */
interface Place {
  readonly target: RelayTargetFactory;
  /** The ids of all events that a consumer got until now, in their order. */
  received(): Promise<string[]>;
  stop(): Promise<void>;
}

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

async function kafkaPlace(): Promise<Place> {
  const server = await KafkaServer.start();
  const [topic, create] = ['facts', { partitions: 1, replicas: 1 }];
  return {
    target: kafkaTarget({ brokers: [server.broker], topic, create }),
    received: async () => {
      const records = await readTopic(server.broker, topic);
      return records.map(({ headers }) => headers['ce_id']!);
    },
    stop: () => server.stop(),
  };
}

async function rabbitMqPlace(): Promise<Place> {
  const server = await RabbitMqServer.start();
  const [exchange, queue] = ['facts', 'orders'];
  await onServer(server.url, async (channel) => {
    await channel.assertExchange(exchange, 'topic');
    await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue(queue, exchange, '#');
  });
  const taken: string[] = [];
  return {
    target: rabbitmqTarget({ url: server.url, exchange }),
    received: async () => {
      taken.push(...(await takeIds(server.url, queue)));
      return [...taken];
    },
    stop: () => server.stop(),
  };
}

const NAME = 'to-others';

async function start(store: FactstrOptions, target: RelayTargetFactory): Promise<TestingModule> {
  const query = ['order-placed', 'order-paid'];
  return fixtures.app({
    imports: [
      FactstrModule.forRoot(store),
      FactstrRelayModule.forRoot({ name: NAME, query, target, maxFacts: 100 }),
    ],
  });
}

/** An append of `count` orders, of which each third fact is not for others. */
const orders = (count: number): NewEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    event_type: ['order-placed', 'order-paid', 'order-noted'][n % 3]!,
    payload: { n },
  }));

/** Appends, and returns the ids of what is to be relayed of it. */
async function append(app: TestingModule, count: number): Promise<string[]> {
  const { first_sequence_number: first } = await app.get(FactstrStore).append(orders(count));
  return Array.from({ length: count }, (_, n) => n)
    .filter((n) => n % 3 < 2)
    .map((n) => String(first + BigInt(n)));
}

async function drained(app: TestingModule): Promise<void> {
  await app.get(FactstrProjections).drained({ timeout: 30_000 });
}

const places: readonly (readonly [TestedServer, () => Promise<Place>])[] = [
  [kafka, kafkaPlace],
  [rabbitMq, rabbitMqPlace],
];

for (const [server, open] of places) {
  describeWith(server, `An application with a relay to ${server.name}`, () => {
    let place: Place;
    beforeAll(async () => (place = await open()), 120_000);
    afterAll(() => place?.stop());

    it('sends its facts in order, goes on where it was, and is paused and resumed', async () => {
      const store = await optionsOf('sqlite', fixtures);
      const first = await start(store, place.target);
      const projections = first.get(FactstrProjections);
      const expected: string[] = [];
      for (const count of [1, 350, 40, 3, 90]) expected.push(...(await append(first, count)));
      await drained(first);
      expect(await place.received()).toEqual(expected);
      const head = 484n;
      expect(await projections.list()).toMatchObject([
        { name: NAME, state: 'live', position: head, head, lag: 0n, lastError: null },
      ]);

      await projections.pause(NAME, { by: 'ann' });
      await until(
        async () => (await projections.status(NAME)).state === 'paused',
        () => 'a relay that is paused',
      );
      const meanwhile = await append(first, 30);
      expect(await projections.status(NAME)).toMatchObject({ position: head, lag: 30n });
      expect(await place.received()).toEqual(expected);
      await projections.resume(NAME);
      await drained(first);
      expected.push(...meanwhile);
      expect(await place.received()).toEqual(expected);
      await first.close();

      // While no relay runs.
      const writer = await fixtures.app({ imports: [FactstrModule.forRoot(store)] });
      expected.push(...(await append(writer, 120)));
      await writer.close();
      const second = await start(store, place.target);
      await drained(second);
      expected.push(...(await append(second, 5)));
      await drained(second);
      expect(await place.received()).toEqual(expected);
    });
  });
}
