import { afterEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { headers } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DurableProjection, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { FactstrFollowerModule } from 'nestjs-factstr/relay';
import { toCloudEvent } from '../../lib/relay/cloud-event.js';
import { write } from '../../lib/relay/nats/event-message.js';
import { TestProcess } from '../support/child-process.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { suiteServer } from '../support/nats/suite-server.js';
import { uniqueName } from '../support/postgres.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { until } from '../support/waiting/until.js';
import type { FollowerTask } from './processes/follower.js';
import { TestStream } from './support/stream.js';

const cluster = suiteServer();

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

@Injectable()
class Seen {
  readonly calls: bigint[][] = [];

  @DurableProjection({ name: 'seen', query: {} })
  see(facts: EventRecord[]) {
    this.calls.push(facts.map(({ sequence_number }) => sequence_number));
  }
}

/** Writes events as a relay does: each with the number that ends its append. */
async function relayed(stream: TestStream, events: readonly (readonly [bigint, bigint])[]) {
  const client = jetstream(stream.connection);
  for (const [number, batchEnd] of events) {
    const fact = {
      sequence_number: number,
      event_type: 'order-placed',
      occurred_at: new Date(1_700_000_000_000 + Number(number)).toISOString(),
      payload: { n: Number(number) },
    };
    const event = toCloudEvent(fact, { source: '/shop', batchEnd, metadata: null });
    const own = headers();
    const body = write(event, own, 'binary', 'to-nats');
    await client.publish(`${stream.name}.facts`, body, { headers: own });
  }
}

async function newStream(): Promise<TestStream> {
  const name = uniqueName('s');
  const stream = await TestStream.open(cluster.urls, name);
  fixtures.later(() => stream.close());
  await stream.manager.streams.add({ name, subjects: [`${name}.>`], allow_direct: true });
  return stream;
}

async function following(stream: TestStream, pollInterval?: number) {
  const cursors = { sqlite: join(await fixtures.folder(), 'cursors.sqlite') };
  const options = { servers: cluster.urls, stream: stream.name, cursors, pollInterval };
  const app = await fixtures.app({
    imports: [FactstrFollowerModule.forRootAsync({ useFactory: () => options })],
    providers: [Seen],
  });
  return {
    calls: app.get(Seen).calls,
    projections: app.get(FactstrProjections),
    store: app.get(FactstrStore),
  };
}

const HOUR = 3_600_000;

describeWith(nats, 'a follower', () => {
  it('gets what is told of without looking for it, and an append only when it is whole', async () => {
    const stream = await newStream();
    await relayed(stream, [[1n, 1n]]);
    const { calls, projections, store } = await following(stream, HOUR);
    await projections.waitFor('seen', 1n, { timeout: 20_000 });
    await relayed(stream, [
      [2n, 4n],
      [3n, 4n],
    ]);
    expect(await store.head()).toBe(1n);
    expect((await store.query({ filters: null })).event_records).toHaveLength(1);
    await relayed(stream, [[4n, 4n]]);
    await until(
      () => calls.length > 1,
      () => 'the append that is whole',
      20_000,
    );
    expect(calls).toEqual([[1n], [2n, 3n, 4n]]);
  });

  it('has a head before an append that is not whole, and none where that is all', async () => {
    const stream = await newStream();
    await relayed(stream, [
      [1n, 7n],
      [4n, 7n],
    ]);
    const { store, calls, projections } = await following(stream);
    expect(await store.head()).toBe(0n);
    await relayed(stream, [
      [7n, 7n],
      [8n, 8n],
      [9n, 12n],
      [10n, 12n],
      [11n, 12n],
    ]);
    expect(await store.head()).toBe(8n);
    await projections.waitFor('seen', 8n, { timeout: 20_000 });
    expect(calls).toEqual([[1n, 4n, 7n], [8n]]);
  });

  it('says that a reset goes to no fact of the stream', async () => {
    const stream = await newStream();
    await relayed(stream, [
      [2n, 2n],
      [5n, 6n],
      [6n, 6n],
    ]);
    const { calls, projections } = await following(stream);
    await projections.waitFor('seen', 6n, { timeout: 20_000 });
    await expect(projections.reset('seen', 4n)).rejects.toThrow(
      'reset of projection "seen" to 4: the log has no fact of that number. Take the number of a fact before it, or 0.',
    );
    await projections.reset('seen', 5n);
    await until(
      () => calls.length > 2,
      () => 'the rest after fact 5',
    );
    expect(calls).toEqual([[2n], [5n, 6n], [6n]]);
  });

  it('gets a call’s facts again when it was killed in it, and no others', async () => {
    const stream = await newStream();
    await relayed(stream, [
      [1n, 1n],
      [2n, 3n],
      [3n, 3n],
      [4n, 4n],
    ]);
    const folder = await fixtures.folder();
    const effects = join(folder, 'effects');
    const start = (stuckAt: bigint | null): TestProcess => {
      const cursors = join(folder, 'cursors.sqlite');
      const { name } = stream;
      const task: FollowerTask = { servers: cluster.urls, stream: name, cursors, effects, stuckAt };
      const follower = new TestProcess(new URL('./processes/follower.ts', import.meta.url), task);
      fixtures.later(() => follower.kill());
      return follower;
    };
    const first = start(3n);
    while ((await first.next()) !== 'stuck');
    await first.kill();
    start(null);
    const lines = (): string[] => readFileSync(effects, 'utf8').trim().split('\n');
    await until(
      () => lines().at(-1) === '4',
      () => `fact 4; ${lines().join(', ')}`,
    );
    expect(lines()).toEqual(['1', '2 3', '2 3', '4']);
  });

  it('goes on when its server was killed and is back, without one lost or again', async () => {
    const stream = await newStream();
    await relayed(stream, [[1n, 1n]]);
    const { calls, projections } = await following(stream);
    await projections.waitFor('seen', 1n, { timeout: 20_000 });
    for (const number of [2n, 3n]) {
      const [server] = cluster.servers;
      await server!.kill();
      server!.start();
      await server!.ready();
      const again = await TestStream.open(cluster.urls, stream.name);
      await relayed(again, [[number, number]]);
      await again.close();
      await until(
        () => calls.length === Number(number),
        () => `fact ${number}; ${JSON.stringify(calls.map(String))}`,
      );
    }
    expect(calls).toEqual([[1n], [2n], [3n]]);
    expect(await projections.status('seen')).toMatchObject({ state: 'live', lag: 0n });
  });
});
