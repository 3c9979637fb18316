import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { kafkaTarget, TargetUnavailableError } from 'nestjs-factstr/relay';
import { pause } from '../../../lib/support/async/turns.js';
import type { KafkaTargetOptions, RelayTarget } from 'nestjs-factstr/relay';
import { failureOf } from '../../support/failure-of.js';
import { KafkaServer } from '../../support/kafka/server.js';
import { readTopic } from '../../support/kafka/topic-reader.js';
import { disturb } from '../../support/relay/disturb.js';
import { always, idsOf, relayedFacts, SOURCE } from '../../support/relay/facts.js';
import { judge } from '../../support/relay/received.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { kafka } from '../../support/servers/servers.js';

const NOTHING_WRONG = { lost: 0, repeated: 0, reordered: 0 };

describeWith(kafka, 'The Kafka target, when connections and brokers break', () => {
  let server: KafkaServer;
  const targets: RelayTarget[] = [];

  beforeAll(async () => (server = await KafkaServer.start({ proxy: true })), 120_000);
  afterAll(() => server?.stop());
  afterEach(async () => {
    await Promise.all(targets.splice(0).map((target) => target.close()));
  });

  function targetFor(topic: string, options: Partial<KafkaTargetOptions> = {}): RelayTarget {
    const target = kafkaTarget({
      brokers: [server.proxied],
      topic,
      key: ({ sequence_number }) => `key-${sequence_number % 7n}`,
      create: { partitions: 3, replicas: 1 },
      timeout: 10_000,
      ...options,
    })();
    targets.push(target);
    return target;
  }

  async function idsIn(topic: string): Promise<string[][]> {
    const records = await readTopic(server.broker, topic);
    return [...Map.groupBy(records, ({ partition }) => partition).values()].map((own) =>
      own.map(({ headers }) => headers['ce_id']!),
    );
  }

  /** At any moment of a transaction. */
  const cut = async (): Promise<void> => {
    await pause(Math.random() * 25);
    server.proxy.cut();
  };

  it('stores each fact once and in order, whenever connections are cut', async () => {
    const facts = relayedFacts(8_000);
    const failures = await disturb(targetFor('cut'), 'cut', facts, cut);
    expect(judge(idsOf(facts), await idsIn('cut'))).toEqual(NOTHING_WRONG);
    expect(failures.length).toBeGreaterThan(10);
    for (const failure of failures) expect(failure).toBeInstanceOf(TargetUnavailableError);
  });

  it('loses nothing and keeps the order without transactions, where it repeats some', async () => {
    const facts = relayedFacts(8_000);
    const target = targetFor('repeated', { delivery: 'at-least-once' });
    const failures = await disturb(target, 'repeated', facts, cut);
    const { lost, reordered, repeated } = judge(idsOf(facts), await idsIn('repeated'));
    expect({ lost, reordered }).toEqual({ lost: 0, reordered: 0 });
    expect(repeated).toBeGreaterThan(0);
    expect(failures.length).toBeGreaterThan(10);
  });

  it('stores each fact once and in order, when the broker is killed', async () => {
    const facts = relayedFacts(8_000);
    let kills = 0;
    await disturb(targetFor('killed'), 'killed', facts, async () => {
      if (kills === 2) return pause(5);
      kills++;
      await pause(Math.random() * 25);
      await server.kill();
      await server.run();
    });
    expect(kills).toBe(2);
    expect(judge(idsOf(facts), await idsIn('killed'))).toEqual(NOTHING_WRONG);
  });

  it('stores nothing of a process that froze, once another has taken over', async () => {
    const facts = relayedFacts(300);
    const identity = { name: 'taken', source: SOURCE };
    const [frozen, successor] = [targetFor('taken'), targetFor('taken')];
    await frozen.open(identity, always());
    await frozen.send(facts.slice(0, 100), always());
    await successor.open(identity, always());
    expect(await successor.lastSent!(always())).toMatchObject({ id: '100' });
    await successor.send(facts.slice(100, 200), always());
    const failure = await failureOf(() => frozen.send(facts.slice(100, 200), always()));
    expect(failure).toBeInstanceOf(TargetUnavailableError);
    expect(failure?.message).toBe(
      `The topic "taken" on kafka://${server.proxied} is not available: another process sends under the transactional id "nestjs-factstr.relay.taken" now.`,
    );
    await successor.send(facts.slice(200), always());
    expect(judge(idsOf(facts), await idsIn('taken'))).toEqual(NOTHING_WRONG);
  });

  it('takes over from a process that died in the middle of a transaction', async () => {
    const facts = relayedFacts(300);
    const identity = { name: 'died', source: SOURCE };
    const [dead, successor] = [targetFor('died'), targetFor('died', { brokers: [server.broker] })];
    await dead.open(identity, always());
    await dead.send(facts.slice(0, 100), always());
    const deadline = new AbortController();
    const sending = failureOf(() => dead.send(facts.slice(100), deadline.signal));
    // What is on its way goes on, answers come no more.
    server.proxy.freeze();
    deadline.abort(new Error('at its deadline'));
    expect((await sending)?.message).toContain('at its deadline');
    server.proxy.thaw();
    await successor.open(identity, always());
    const last = Number((await successor.lastSent!(always()))!.id);
    await successor.send(facts.slice(last), always());
    expect(judge(idsOf(facts), await idsIn('died'))).toEqual(NOTHING_WRONG);
  });
});
