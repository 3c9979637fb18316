import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { ConnectionPool, createAclsV3, parseBroker } from '@platformatic/kafka';
import { kafkaTarget, TargetRefusedError } from 'nestjs-factstr/relay';
import type { KafkaTargetOptions, RelayTarget } from 'nestjs-factstr/relay';
import { failureOf } from '../../support/failure-of.js';
import { KafkaServer } from '../../support/kafka/server.js';
import { always, relayedFacts, SOURCE } from '../../support/relay/facts.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { kafka } from '../../support/servers/servers.js';

/** Kinds of resources, operations and the rest, by the protocol's numbers. */
const [TOPIC, GROUP, TRANSACTIONAL_ID] = [2, 3, 5];
const [READ, WRITE, DESCRIBE] = [3, 4, 8];
const [LITERAL, ALLOW] = [3, 3];

/** Behind the listener with passwords only what is allowed is, to others than `admin`. */
const SECURED = [
  'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,BEHIND:SASL_PLAINTEXT',
  'sasl.enabled.mechanisms=PLAIN',
  'listener.name.behind.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="admin" user_relay="secret";',
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  // Without a password one is ANONYMOUS: the broker itself, and the test.
  'super.users=User:ANONYMOUS',
];

describeWith(kafka, 'The Kafka target as a user with few permissions', () => {
  let server: KafkaServer;
  const targets: RelayTarget[] = [];
  const topic = 'facts';
  const identity = { name: 'relay', source: SOURCE };

  beforeAll(async () => {
    server = await KafkaServer.start({ lines: SECURED, proxy: true });
    const owner = targetFor({ brokers: [server.broker], create: { partitions: 1, replicas: 1 } });
    await owner.open({ name: 'owner', source: SOURCE }, always());
  }, 120_000);
  afterAll(() => server?.stop());
  afterEach(async () => {
    await Promise.all(targets.splice(0).map((target) => target.close()));
  });

  function targetFor(options: Partial<KafkaTargetOptions>): RelayTarget {
    const target = kafkaTarget({ brokers: [server.proxied], topic, ...options })();
    targets.push(target);
    return target;
  }

  const asRelay = (password = 'secret'): Partial<KafkaTargetOptions> => ({
    sasl: { mechanism: 'PLAIN', username: 'relay', password },
  });

  async function allow(
    resourceType: number,
    resourceName: string,
    ...operations: number[]
  ): Promise<void> {
    const pool = new ConnectionPool('test-admin');
    const creations = operations.map((operation) => ({
      resourceType,
      resourceName,
      resourcePatternType: LITERAL,
      principal: 'User:relay',
      host: '*',
      operation,
      permissionType: ALLOW,
    }));
    await createAclsV3.api.async(await pool.get(parseBroker(server.broker)), creations as never);
    await pool.close();
  }

  it('is told which permission is missing, one after the other, and needs none on the cluster', async () => {
    const refusal = async (): Promise<string | undefined> => {
      const target = targetFor(asRelay());
      const failure = await failureOf(async () => {
        await target.open(identity, always());
        await target.lastSent!(always());
        await target.send(relayedFacts(3), always());
      });
      if (failure !== undefined) expect(failure).toBeInstanceOf(TargetRefusedError);
      return failure?.message;
    };
    expect(await refusal()).toContain('grant WRITE and DESCRIBE on it');
    await allow(TOPIC, topic, WRITE, DESCRIBE);
    expect(await refusal()).toContain('the user may not use the transactional id');
    await allow(TRANSACTIONAL_ID, 'nestjs-factstr.relay.relay', WRITE, DESCRIBE);
    expect(await refusal()).toContain("the user may not keep the relay's place");
    await allow(GROUP, 'nestjs-factstr.relay.relay', READ);
    expect(await refusal()).toContain("READ too where delivery is 'exactly-once'");
    await allow(TOPIC, topic, READ);
    expect(await refusal()).toBeUndefined();
  });

  it('is told that its password is wrong', async () => {
    const failure = await failureOf(() => targetFor(asRelay('wrong')).open(identity, always()));
    expect(failure).toBeInstanceOf(TargetRefusedError);
    expect(failure?.message).toContain('the brokers refuse the user or the password (option sasl)');
    expect(failure?.message).not.toContain('wrong.');
  });
});
