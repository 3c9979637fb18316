import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { InvalidOptionsError } from 'nestjs-factstr';
import { kafkaTarget, TargetRefusedError, TargetUnavailableError } from 'nestjs-factstr/relay';
import type { KafkaTargetOptions, RelayTarget } from 'nestjs-factstr/relay';
import { failureOf } from '../../support/failure-of.js';
import { freePorts } from '../../support/free-ports.js';
import { KafkaServer } from '../../support/kafka/server.js';
import { readTopic } from '../../support/kafka/topic-reader.js';
import { always, idsOf, relayedFacts, SOURCE } from '../../support/relay/facts.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { stopwatch } from '../../support/waiting/stopwatch.js';
import { kafka } from '../../support/servers/servers.js';

describe('The Kafka target’s options', () => {
  it.each<[object, string]>([
    [{ topic: 't' }, "brokers is a list of addresses, as in ['kafka-1:9092', 'kafka-2:9092']"],
    [{ brokers: ['kafka 1'], topic: 't' }, 'brokers is a list of addresses'],
    [{ brokers: ['k:9092'] }, 'topic is a text that is not empty'],
    [{ brokers: ['k:9092'], topic: 't', acks: 1 }, 'knows no option "acks"; known are brokers,'],
    [{ brokers: ['k:9092'], topic: 't', delivery: 'once' }, 'delivery is one of exactly-once, at'],
    [{ brokers: ['k:9092'], topic: 't', create: {} }, 'create names partitions and replicas'],
    [{ brokers: ['k:9092'], topic: 't', key: 'id' }, 'key is a function'],
  ])('%j are refused', async (options, reason) => {
    const failure = await failureOf(() => kafkaTarget(options as KafkaTargetOptions));
    expect(failure).toBeInstanceOf(InvalidOptionsError);
    expect(failure?.message).toContain(`kafkaTarget`);
    expect(failure?.message).toContain(reason);
  });
});

describeWith(kafka, 'The Kafka target', () => {
  let server: KafkaServer;
  const opened: RelayTarget[] = [];

  beforeAll(async () => (server = await KafkaServer.start()), 120_000);
  afterAll(() => server?.stop());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((target) => target.close()));
  });

  function targetFor(topic: string, options: Partial<KafkaTargetOptions> = {}): RelayTarget {
    const target = kafkaTarget({
      brokers: [server.broker],
      topic,
      create: { partitions: 3, replicas: 1 },
      ...options,
    })();
    opened.push(target);
    return target;
  }

  async function open(
    options: Partial<KafkaTargetOptions> = {},
    topic = `facts-${randomUUID()}`,
  ): Promise<{ target: RelayTarget; topic: string }> {
    const target = targetFor(topic, options);
    await target.open({ name: topic, source: SOURCE }, always());
    return { target, topic };
  }

  it('sends facts as CloudEvents, in their order', async () => {
    const { target, topic } = await open();
    const facts = relayedFacts(1_200);
    await target.send(facts.slice(0, 700), always());
    await target.send(facts.slice(700), always());
    const records = await readTopic(server.broker, topic);
    expect(records.map(({ headers }) => headers['ce_id'])).toEqual(idsOf(facts));
    expect(records[0]).toEqual({
      partition: expect.any(Number),
      key: SOURCE,
      value: '{"order":1,"n":1}',
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: '1',
        ce_source: SOURCE,
        ce_type: 'order-placed',
        ce_time: facts[0]!.event.time,
        ce_sequence: '0000000000000000001',
        ce_batchend: '1',
      },
    });
  });

  it('sends whole events where that is asked for', async () => {
    const { target, topic } = await open({ mode: 'structured', compression: 'gzip' });
    const [fact] = relayedFacts(1);
    await target.send([fact!], always());
    const [record] = await readTopic(server.broker, topic);
    expect(record!.headers).toEqual({
      'content-type': 'application/cloudevents+json; charset=UTF-8',
    });
    expect(JSON.parse(record!.value)).toEqual(fact!.event);
  });

  it('keeps the facts of one key in one partition, in their order', async () => {
    const { target, topic } = await open({
      key: ({ payload }) => `order-${(payload as { order: number }).order}`,
    });
    const facts = relayedFacts(1_000);
    await target.send(facts, always());
    const records = await readTopic(server.broker, topic);
    const byKey = Map.groupBy(records, ({ key }) => key);
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(3);
    for (let order = 0; order < 10; order++) {
      const own = byKey.get(`order-${order}`)!;
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
      const expected = facts.filter(
        ({ fact }) => (fact.payload as { order: number }).order === order,
      );
      expect(own.map(({ headers }) => headers['ce_id'])).toEqual(idsOf(expected));
    }
  });

  it('knows the last event that it has, from its first one on', async () => {
    const { target, topic } = await open();
    expect(await target.lastSent!(always())).toBeUndefined();
    const facts = relayedFacts(30, { step: 3, type: (n) => (n === 88 ? 'größer' : 'x') });
    await target.send(facts, always());
    const again = await open({}, topic);
    const { id, type, time } = facts.at(-1)!.event;
    expect(await again.target.lastSent!(always())).toEqual({ id, type, time });
    expect(type).toBe('größer');
  });

  it('cuts batches to what the topic takes', async () => {
    const create = { partitions: 2, replicas: 1, configs: { 'max.message.bytes': '20000' } };
    const { target, topic } = await open({ create, key: ({ event_type }) => event_type });
    const payload = (n: number): Record<string, unknown> => ({ text: 'ä'.repeat(n % 2_000) });
    const facts = relayedFacts(300, { payload, from: 1, type: (n) => `type-${n % 2}` });
    await target.send(facts, always());
    const records = await readTopic(server.broker, topic);
    expect(
      records.map(({ headers }) => Number(headers['ce_id'])).toSorted((a, b) => a - b),
    ).toEqual(idsOf(facts).map(Number));
  });

  it('refuses a fact that is too large, when it has sent those before it', async () => {
    const { target, topic } = await open();
    const payload = (n: number): Record<string, unknown> => ({
      text: 'x'.repeat(n === 4 ? 1_048_300 : 10),
    });
    const facts = relayedFacts(8, { payload });
    const failure = await failureOf(() => target.send(facts, always()));
    expect(failure).toBeInstanceOf(TargetRefusedError);
    expect(failure?.message).toMatch(
      /^The fact 4 has 1048\d{3} bytes as a message, and the topic ".+" takes 1048588: raise its max.message.bytes/,
    );
    await target.open({ name: topic, source: SOURCE }, always());
    expect((await target.lastSent!(always()))?.id).toBe('3');
    const records = await readTopic(server.broker, topic);
    expect(records.map(({ headers }) => headers['ce_id'])).toEqual(['1', '2', '3']);
  });

  it('names a fact for which there is no key', async () => {
    const { target } = await open({
      key: ({ payload }) => (payload as { customer: string }).customer,
    });
    const failure = await failureOf(() => target.send(relayedFacts(2), always()));
    expect(failure).toBeInstanceOf(TargetRefusedError);
    expect(failure?.message).toBe(
      'The option key gave no text for the fact 1, but a value of type undefined.',
    );
  });

  it('says what to do where the topic is missing', async () => {
    const target = kafkaTarget({ brokers: [server.broker], topic: 'missing' })();
    opened.push(target);
    const failure = await failureOf(() => target.open({ name: 'm', source: SOURCE }, always()));
    expect(failure).toBeInstanceOf(TargetRefusedError);
    expect(failure?.message).toMatch(/^The topic "missing" is not there: create it, or say how/);
  });

  it('says why the topic cannot be created', async () => {
    const target = targetFor('wide', { create: { partitions: 1, replicas: 3 } });
    const failure = await failureOf(() => target.open({ name: 'wide', source: SOURCE }, always()));
    expect(failure).toBeInstanceOf(TargetRefusedError);
    expect(failure?.message).toBe(
      `The topic "wide" on kafka://${server.broker} refuses: the topic "wide" cannot be created with 3 replicas: the cluster has fewer brokers.`,
    );
  });

  it('says which brokers do not answer', async () => {
    const [port] = await freePorts(1);
    const target = targetFor('away', { brokers: [`127.0.0.1:${port}`] });
    const failure = await failureOf(() => target.open({ name: 'away', source: SOURCE }, always()));
    expect(failure).toBeInstanceOf(TargetUnavailableError);
    expect(failure?.message).toMatch(
      new RegExp(`^The topic "away" on kafka://127.0.0.1:${port} is not available: .+ECONNREFUSED`),
    );
  });

  it('gives up a frozen broker at the call’s deadline, and goes on when it is back', async () => {
    const { target, topic } = await open();
    const facts = relayedFacts(20);
    await target.send(facts.slice(0, 10), always());
    server.signal('SIGSTOP');
    const failure = await failureOf(() => target.send(facts.slice(10), AbortSignal.timeout(300)));
    expect(failure).toBeInstanceOf(TargetUnavailableError);
    server.signal('SIGCONT');
    await target.open({ name: topic, source: SOURCE }, always());
    const last = Number((await target.lastSent!(always()))!.id);
    await target.send(facts.slice(last), always());
    const records = await readTopic(server.broker, topic);
    expect(records.map(({ headers }) => headers['ce_id'])).toEqual(idsOf(facts));
  });

  it('sends thousands of facts a second', async () => {
    const { target } = await open({ key: ({ sequence_number }) => `key-${sequence_number % 50n}` });
    const facts = relayedFacts(10_000, { payload: (n) => ({ n, text: 'x'.repeat(200) }) });
    const watch = stopwatch();
    for (let n = 0; n < facts.length; n += 1_000) {
      await target.send(facts.slice(n, n + 1_000), always());
    }
    const perSecond = Math.round((facts.length / watch().machine) * 1_000);
    console.log(`Kafka: ${perSecond} facts/s`);
    expect(perSecond).toBeGreaterThan(2_000);
  });
});
