import { afterEach, expect, it } from '@jest/globals';
import { FactstrNatsStore } from '../../lib/nats/store.js';
import { NatsCluster } from '../support/nats/server.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { until } from '../support/waiting/until.js';

/** What docs/nats.md says that a process needs, of the stream `facts`. */
const LOG = [
  'factstr.facts',
  '$JS.API.STREAM.INFO.facts',
  '$JS.API.STREAM.MSG.GET.facts',
  '$JS.API.CONSUMER.CREATE.facts.>',
  '$JS.API.CONSUMER.MSG.NEXT.facts.>',
  '$JS.API.CONSUMER.DELETE.facts.>',
];
const CURSORS = [
  '$KV.facts-cursors.>',
  '$JS.API.STREAM.INFO.KV_facts-cursors',
  '$JS.API.STREAM.MSG.GET.KV_facts-cursors',
  '$JS.API.STREAM.PURGE.KV_facts-cursors',
];
const user = (name: string, subjects: readonly string[]): string =>
  `{ user: ${name}, password: p, permissions: { publish: [${subjects.map((one) => JSON.stringify(one)).join(', ')}], subscribe: ["_INBOX.>"] } }`;
const unread = LOG.filter((subject) => !subject.includes('MSG.NEXT'));
const USERS = `[{ user: admin, password: p }, ${user('app', [...LOG, ...CURSORS])}, ${user('unread', unread)}, ${user('nocursors', LOG)}, ${user('nolog', CURSORS)}]`;

const later: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of later.splice(0).toReversed()) await undo();
});

/** Opens the log as a user; the administrator has made it, with a cursor. */
async function opener(): Promise<(name: string, initialize?: boolean) => FactstrNatsStore> {
  const cluster = await NatsCluster.start({ users: USERS });
  later.push(() => cluster.stop());
  const open = (name: string, initialize = false): FactstrNatsStore => {
    const store = new FactstrNatsStore({
      servers: cluster.urls,
      connection: { user: name, pass: 'p' },
      stream: 'facts',
      replicas: 1,
      initialize,
      durability: 'replicated',
      requestTimeout: 2_000,
    });
    later.push(() => store.close());
    return store;
  };
  const admin = open('admin', true);
  await admin.append([{ event_type: 'x', payload: {} }]);
  await admin.log.cursorStore.open('p', '{}', 0n);
  return open;
}

const denied = (what: RegExp) => ({
  code: 'PERMISSION_DENIED',
  message: expect.stringMatching(what),
});

describeWith(nats, 'The permissions of a user on NATS', () => {
  it('suffice for a process where they are those of docs/nats.md', async () => {
    const store = (await opener())('app');
    const handled: bigint[] = [];
    await store.append([{ event_type: 'x', payload: {} }]);
    await store.streamAllDurable({ name: 'all' }, (facts) => {
      for (const { sequence_number } of facts) handled.push(sequence_number);
    });
    await until(
      () => handled.length === 2,
      () => `both facts: ${handled.join(', ')}`,
    );
    expect((await store.query({})).event_records).toHaveLength(2);
    const { cursorStore } = store.log;
    await cursorStore.intervene('all', { verb: 'discardParked', by: null });
    expect(await cursorStore.interventions('all')).toHaveLength(1);
  });

  it('are missed by name: of the log, and of the cursors', async () => {
    const open = await opener();
    await expect(open('nolog').connect()).rejects.toMatchObject(
      denied(/stream facts.*STREAM\.INFO\.facts/s),
    );
    await expect(open('unread').connect()).rejects.toMatchObject(
      denied(/stream facts.*CONSUMER\.MSG\.NEXT\.facts/s),
    );
    const store = open('nocursors');
    await store.append([{ event_type: 'x', payload: {} }]);
    await expect(store.log.cursorStore.find('p')).rejects.toMatchObject(
      denied(/cursor store.*facts-cursors/s),
    );
  });
});
