import { afterEach, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { FactstrModule, FactstrProjections, FactstrStore, factQuery, facts } from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { FactstrRelayModule, natsTarget } from 'nestjs-factstr/relay';
import type { FactstrRelayOptions, NatsTargetOptions } from 'nestjs-factstr/relay';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { suiteServer } from '../support/nats/suite-server.js';
import { uniqueName } from '../support/postgres.js';
import { describeEachWith, describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { until } from '../support/waiting/until.js';
import { TestStream } from './support/stream.js';

const cluster = suiteServer();

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const placed = (n: number) => ({ event_type: 'order-placed', payload: { n } });
const paid = (n: number) => ({ event_type: 'order-paid', payload: { n } });

type Given = Partial<FactstrRelayOptions> & { name?: string; store?: string };

/** A relay to the stream, which it makes. */
function relay(stream: string, given: Given = {}, target: Partial<NatsTargetOptions> = {}) {
  return FactstrRelayModule.forRoot({
    name: 'to-nats',
    target: natsTarget({
      servers: cluster.urls,
      stream,
      subject: ({ event_type }) => `${stream}.${event_type}`,
      create: { subjects: [`${stream}.>`] },
      ...target,
    }),
    ...given,
  });
}

async function start(
  store: FactstrOptions,
  stream: string,
  given?: Given,
  target?: Partial<NatsTargetOptions>,
): Promise<INestApplicationContext> {
  return fixtures.app({ imports: [FactstrModule.forRoot(store), relay(stream, given, target)] });
}

async function streamOf(name: string): Promise<TestStream> {
  const stream = await TestStream.open(cluster.urls, name);
  fixtures.later(() => stream.close());
  return stream;
}

const drained = (app: INestApplicationContext): Promise<void> =>
  app.get(FactstrProjections).drained({ timeout: 20_000 });

/** The numbers that a stream has, in its order. */
const numbersIn = async (stream: TestStream): Promise<number[]> =>
  (await stream.events()).map((event) => Number(event!.id));

async function failsWith(app: INestApplicationContext, text: string): Promise<void> {
  const projections = app.get(FactstrProjections);
  await until(
    async () => (await projections.status('to-nats')).lastError?.includes(text) === true,
    () => `a relay that fails with ${text}`,
  );
}

describeEachWith(nats, ['sqlite', 'postgres'], 'a relay to NATS of a store on %s', (provider) => {
  it('sends what its query lets through, in order, as CloudEvents', async () => {
    const name = uniqueName('s');
    const app = await start(await optionsOf(provider, fixtures), name, {
      query: 'order-placed',
      source: 'https://shop.example/facts',
    });
    const store = app.get(FactstrStore);
    await store.append([placed(1), paid(1), placed(2), paid(2)], {
      metadata: { correlation_id: 'r-1', traceparent: TRACE },
    });
    await store.append([placed(3)]);
    await drained(app);
    const stream = await streamOf(name);
    const subjects = (await stream.messages()).map(({ subject }) => subject);
    expect(subjects).toEqual([1, 2, 3].map(() => `${name}.order-placed`));
    const { event_records } = await store.query({ filters: null });
    expect(await stream.events()).toEqual(
      [0, 2, 4].map((index) => {
        const { sequence_number, occurred_at, payload } = event_records[index]!;
        return {
          specversion: '1.0',
          id: String(sequence_number),
          source: 'https://shop.example/facts',
          type: 'order-placed',
          time: occurred_at,
          datacontenttype: 'application/json',
          sequence: String(sequence_number).padStart(19, '0'),
          batchend: index < 4 ? '3' : '5',
          ...(index < 4 && { correlationid: 'r-1', traceparent: TRACE }),
          data: payload,
        };
      }),
    );
  });

  it('goes on where it stood, in a new process and past the duplicate window, sending nothing twice', async () => {
    const name = uniqueName('s');
    const options = await optionsOf(provider, fixtures);
    const target = { create: { subjects: [`${name}.>`], duplicateWindow: 100 } };
    const first = await start(options, name, {}, target);
    await first.get(FactstrStore).append(Array.from({ length: 700 }, (_, n) => placed(n)));
    await drained(first);
    // As after a crash between the acknowledgement and the cursor.
    const projections = first.get(FactstrProjections);
    await projections.pause('to-nats');
    await first.get(FactstrStore).append([paid(1)]);
    await projections.reset('to-nats', 300n);
    await first.close();
    const second = await start(options, name, {}, target);
    await second.get(FactstrProjections).resume('to-nats');
    await drained(second);
    const stream = await streamOf(name);
    expect(await numbersIn(stream)).toEqual(Array.from({ length: 701 }, (_, n) => n + 1));
  });
});

describeWith(nats, 'a relay to NATS', () => {
  it('is a projection: paused, resumed, seen with its lag', async () => {
    const name = uniqueName('s');
    const app = await start({ provider: 'memory' }, name);
    const projections = app.get(FactstrProjections);
    await projections.pause('to-nats', { by: 'ann' });
    await app.get(FactstrStore).append([placed(1)]);
    const status = await projections.status('to-nats');
    expect(status).toMatchObject({
      state: 'paused',
      handler: 'FactstrRelayProjection.send',
      position: 0n,
      lag: 1n,
    });
    await projections.resume('to-nats');
    await drained(app);
    expect(await numbersIn(await streamOf(name))).toEqual([1]);
  });

  it('stands beside others, each with its stream, its store and its query', async () => {
    const [one, two, three] = [uniqueName('s'), uniqueName('s'), uniqueName('s')];
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot(),
        FactstrModule.forRoot({ provider: 'memory', name: 'audit' }),
        relay(one, { name: 'one', query: ['order-placed', 'order-paid'] }),
        relay(two, { name: 'two', query: factQuery(facts('order-placed').where({ n: 2 })) }),
        FactstrRelayModule.forRootAsync({
          name: 'three',
          store: 'audit',
          inject: [FactstrStore],
          useFactory: () => ({
            target: natsTarget({
              servers: cluster.urls[0]!,
              stream: three,
              subject: three,
              mode: 'structured',
              create: { subjects: [three] },
            }),
          }),
        }),
      ],
    });
    await app.get(FactstrStore).append([placed(1), placed(2), paid(1)]);
    await app.get<FactstrStore>('FactstrStore(audit)').append([placed(9)]);
    await drained(app);
    expect(await numbersIn(await streamOf(one))).toEqual([1, 2, 3]);
    expect(await numbersIn(await streamOf(two))).toEqual([2]);
    const [event] = await (await streamOf(three)).events();
    expect(event).toMatchObject({ id: '1', source: '/audit', data: { n: 9 }, batchend: '1' });
    const [message] = await (await streamOf(three)).messages();
    expect(message!.json()).toEqual(event);
  });

  it('fills a stream again that has lost its events', async () => {
    const name = uniqueName('s');
    const app = await start({ provider: 'memory' }, name, { query: 'order-placed' });
    const store = app.get(FactstrStore);
    await store.append([placed(1), paid(1), placed(2)]);
    await store.append([placed(3)]);
    await drained(app);
    const stream = await streamOf(name);
    await stream.manager.streams.delete(name);
    await store.append([placed(4)]);
    await until(
      async () => (await numbersIn(stream).catch(() => [])).length === 4,
      () => 'a stream with all events again',
    );
    expect(await numbersIn(stream)).toEqual([1, 3, 4, 5]);
    const said = await app.get(FactstrProjections).interventions('to-nats');
    expect(said).toMatchObject([{ verb: 'reset', by: 'the relay', position: 0n }]);
  });

  it.each([
    ['by age', { max_age: 60_000_000_000 }, 'max_age'],
    ['by number', { max_msgs: 5 }, 'max_msgs'],
    ['by size', { max_bytes: 1_000_000 }, 'max_bytes'],
    ['by subject', { max_msgs_per_subject: 1 }, 'max_msgs_per_subject'],
    ['in memory', { storage: 'memory' as const }, 'memory'],
    ['when consumed', { retention: 'workqueue' as const }, 'retention'],
  ])('refuses a stream that loses events %s', async (_what, config, reason) => {
    const name = uniqueName('s');
    const stream = await streamOf(name);
    await stream.manager.streams.add({ name, subjects: [`${name}.>`], ...config });
    const app = await start({ provider: 'memory' }, name);
    await app.get(FactstrStore).append([placed(1)]);
    await failsWith(app, reason);
    expect(await app.get(FactstrProjections).status('to-nats')).toMatchObject({
      state: 'retrying',
      code: 'TARGET_REFUSED',
      position: 0n,
    });
    expect(await stream.count()).toBe(0);
  });

  it('takes a stream with limits where that is allowed, or where it refuses when full', async () => {
    const [aged, full] = [uniqueName('s'), uniqueName('s')];
    const stream = await streamOf(aged);
    await stream.manager.streams.add({
      name: aged,
      subjects: [`${aged}.>`],
      max_age: 60_000_000_000,
      allow_direct: true,
    });
    await stream.manager.streams.add({
      name: full,
      subjects: [`${full}.>`],
      max_msgs: 2,
      discard: 'new',
      allow_direct: true,
    });
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot(),
        relay(aged, { name: 'aged' }, { allowDiscard: true }),
        relay(full, { name: 'full' }),
      ],
    });
    await app.get(FactstrStore).append([placed(1), placed(2), placed(3)]);
    const projections = app.get(FactstrProjections);
    await projections.waitFor('aged', 3n, { timeout: 20_000 });
    await until(
      async () => (await projections.status('full')).lastError?.includes('maximum') === true,
      () => 'a full stream',
    );
    expect(await numbersIn(await streamOf(full))).toEqual([1, 2]);
    await stream.manager.streams.update(full, { max_msgs: 10 });
    await projections.waitFor('full', 3n, { timeout: 20_000 });
    expect(await numbersIn(await streamOf(full))).toEqual([1, 2, 3]);
  });

  it('refuses a stream that others write to', async () => {
    const name = uniqueName('s');
    const app = await start({ provider: 'memory' }, name);
    const store = app.get(FactstrStore);
    await store.append([placed(1)]);
    await drained(app);
    const stream = await streamOf(name);
    await stream.manager.jetstream().publish(`${name}.other`, 'none of ours');
    await store.append([placed(2)]);
    await failsWith(app, 'belongs to it alone');
    expect(await stream.count()).toBe(2);
  });

  it('refuses the stream of another relay', async () => {
    const name = uniqueName('s');
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(), relay(name, { name: 'first' })],
    });
    await app.get(FactstrStore).append([placed(1)]);
    await drained(app);
    const other = await start({ provider: 'memory' }, name);
    await other.get(FactstrStore).append([placed(1)]);
    await failsWith(other, 'belongs to it alone');
    expect(await (await streamOf(name)).count()).toBe(1);
  });

  it('refuses a stream of another log', async () => {
    const name = uniqueName('s');
    const first = await start({ provider: 'memory' }, name);
    await first.get(FactstrStore).append([placed(1), placed(2)]);
    await drained(first);
    await first.close();
    const second = await start({ provider: 'memory' }, name);
    await second.get(FactstrStore).append([placed(7)]);
    await failsWith(second, 'one of the two was restored');
    await second.get(FactstrStore).append([placed(8), placed(9)]);
    await failsWith(second, 'one of the two was restored');
    expect(await numbersIn(await streamOf(name))).toEqual([1, 2]);
  });

  it('waits for a fact that fits no message, and says so', async () => {
    const name = uniqueName('s');
    const app = await start({ provider: 'memory' }, name);
    const store = app.get(FactstrStore);
    await store.append([placed(1)]);
    await store.append([{ event_type: 'order-placed', payload: { text: 'x'.repeat(1_048_000) } }]);
    await failsWith(app, 'max_payload');
    expect(await numbersIn(await streamOf(name))).toEqual([1]);
  });

  it('names the fact whose type is no subject', async () => {
    const name = uniqueName('s');
    const app = await start({ provider: 'memory' }, name);
    await app.get(FactstrStore).append([{ event_type: 'order placed', payload: {} }]);
    await failsWith(app, 'subject of fact 1');
  });

  it('begins where it is told to', async () => {
    const name = uniqueName('s');
    const options = await optionsOf('sqlite', fixtures);
    const before = await fixtures.app({ imports: [FactstrModule.forRoot(options)] });
    await before.get(FactstrStore).append([placed(1), placed(2), placed(3)]);
    const app = await start(options, name, { startFrom: 2n });
    await drained(app);
    expect(await numbersIn(await streamOf(name))).toEqual([3]);
    const now = uniqueName('s');
    const third = await fixtures.app({
      imports: [FactstrModule.forRoot(options), relay(now, { name: 'now', startFrom: 'now' })],
    });
    await until(
      async () => (await third.get(FactstrProjections).status('now')).state === 'live',
      () => 'a relay that is live',
    );
    await third.get(FactstrStore).append([placed(4)]);
    await drained(third);
    expect(await numbersIn(await streamOf(now))).toEqual([4]);
  });

  it.each([
    ['no name', { name: '' }, 'needs a name'],
    ['an unknown option', { topic: 'x' }, 'has no option "topic"'],
    ['no target', { target: undefined }, 'has no target'],
    ['a source with spaces', { source: 'a b' }, 'no URI reference'],
  ])('is refused at bootstrap with %s', async (_what, given, message) => {
    await expect(start({ provider: 'memory' }, uniqueName('s'), given as Given)).rejects.toThrow(
      message,
    );
  });

  it.each([
    [{ stream: 'a.b' }, 'stream'],
    [{ servers: [] }, 'servers'],
    [{ mode: 'json' }, 'mode'],
    [{ subject: '' }, 'subject'],
    [{ create: {} }, 'create'],
  ])('refuses the target %j', (wrong, option) => {
    const target = { servers: 'nats://x', stream: 's', subject: 'x', ...wrong };
    expect(() => natsTarget(target as NatsTargetOptions)).toThrow(`The option ${option} `);
  });
});
