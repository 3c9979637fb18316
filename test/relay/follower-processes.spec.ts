import { afterEach, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import { join } from 'node:path';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import {
  FactstrFollowerModule,
  FactstrRelayModule,
  ReadOnlyStoreError,
  natsTarget,
} from 'nestjs-factstr/relay';
import type { FactstrFollowerOptions, FactstrFollowerOptionsFactory } from 'nestjs-factstr/relay';
import { Fixtures } from '../support/fixtures/applications.js';
import { suiteServer } from '../support/nats/suite-server.js';
import { uniqueName } from '../support/postgres.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { until } from '../support/waiting/until.js';

const cluster = suiteServer();

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const placed = (n: number) => ({ event_type: 'order-placed', payload: { n } });
const paid = (n: number) => ({ event_type: 'order-paid', payload: { n } });

@Injectable()
class Orders {
  readonly projected: bigint[][] = [];
  readonly live: bigint[][] = [];

  @DurableProjection({ name: 'orders', query: {} })
  project(facts: EventRecord[]) {
    this.projected.push(facts.map(({ sequence_number }) => sequence_number));
  }

  @OnFacts('order-placed')
  placed(facts: EventRecord[]) {
    this.live.push(facts.map(({ sequence_number }) => sequence_number));
  }
}

function relaying(stream: string) {
  return fixtures.app({
    imports: [
      FactstrModule.forRoot(),
      FactstrRelayModule.forRoot({
        name: 'to-nats',
        query: 'order-placed',
        target: natsTarget({
          servers: cluster.urls,
          stream,
          subject: stream,
          create: { subjects: [stream] },
        }),
      }),
    ],
  });
}

function following(stream: string, folder: string) {
  return fixtures.app({
    imports: [
      FactstrFollowerModule.forRoot({
        servers: cluster.urls,
        stream,
        cursors: { sqlite: join(folder, 'cursors.sqlite') },
      }),
    ],
    providers: [Orders],
  });
}

describeWith(nats, 'a follower of a relayed stream', () => {
  it.each([
    [undefined, 'has no options. Return an object from the factory'],
    [{ stream: 's', cursors: { sqlite: 'c' } }, 'servers is a text that is not empty'],
    [{ servers: [], stream: 's', cursors: { sqlite: 'c' } }, 'servers is a text'],
    [{ servers: 'nats://x', cursors: { sqlite: 'c' } }, 'stream is a text that is not empty'],
    [{ servers: 'nats://x', stream: 's' }, 'cursors is { sqlite: path }, or an open store'],
    [{ servers: 'nats://x', stream: 's', cursors: {}, pollInterval: 0 }, 'pollInterval'],
  ])('refuses the options %j', async (options, message) => {
    const following = FactstrFollowerModule.forRootAsync({
      useFactory: () => options as unknown as FactstrFollowerOptions,
    });
    await expect(fixtures.app({ imports: [following] })).rejects.toThrow(message);
  });

  it('takes its options from a class, which takes them from another module', async () => {
    const stream = uniqueName('s');
    const source = await relaying(stream);
    await source.get(FactstrStore).append([placed(1)]);
    await source.get(FactstrProjections).drained({ timeout: 20_000 });
    const sqlite = join(await fixtures.folder(), 'cursors.sqlite');

    class Place {
      readonly servers = cluster.urls;
    }
    @Module({ providers: [Place], exports: [Place] })
    class Places {}
    @Injectable()
    class Options implements FactstrFollowerOptionsFactory {
      readonly #place: Place;

      constructor(@Inject(Place) place: Place) {
        this.#place = place;
      }

      createFactstrFollowerOptions(): FactstrFollowerOptions {
        return { servers: this.#place.servers, stream, cursors: { sqlite } };
      }
    }
    @Module({ imports: [Places], providers: [Options], exports: [Options] })
    class AllOptions {}
    for (const given of [
      { imports: [Places], useClass: Options },
      { imports: [AllOptions], useExisting: Options },
    ]) {
      const app = await fixtures.app({
        imports: [FactstrFollowerModule.forRootAsync({ ...given, name: 'followed' })],
      });
      expect(await app.get<FactstrStore>(getFactstrStoreToken('followed')).head()).toBe(1n);
      await app.close();
    }
  });

  it('runs handlers with the numbers and the appends of the source, and keeps its own cursors', async () => {
    const stream = uniqueName('s');
    const source = await relaying(stream);
    const store = source.get(FactstrStore);
    await store.append([placed(1), paid(1), placed(2), paid(2)]);
    await store.append([paid(3)]);
    await store.append([placed(3)]);
    await source.get(FactstrProjections).drained({ timeout: 20_000 });

    const folder = await fixtures.folder();
    const first = await following(stream, folder);
    const orders = first.get(Orders);
    const projections = first.get(FactstrProjections);
    await projections.waitFor('orders', 6n, { timeout: 20_000 });
    expect(orders.projected).toEqual([[1n, 3n], [6n]]);

    await store.append([placed(4), placed(5)]);
    await until(
      () => orders.live.length > 0 && orders.projected.length > 2,
      () => 'what is appended meanwhile',
    );
    expect(orders.live).toEqual([[7n, 8n]]);
    expect(orders.projected.slice(2)).toEqual([[7n, 8n]]);
    expect(await projections.status('orders')).toMatchObject({ state: 'live', head: 8n, lag: 0n });
    await first.close();

    await store.append([placed(6)]);
    const second = await following(stream, folder);
    await second.get(FactstrProjections).waitFor('orders', 9n, { timeout: 20_000 });
    expect(second.get(Orders).projected).toEqual([[9n]]);
  });

  it('reads the events as facts, and appends none', async () => {
    const stream = uniqueName('s');
    const source = await relaying(stream);
    await source.get(FactstrStore).append([placed(1), paid(1), placed(2)]);
    await source.get(FactstrProjections).drained({ timeout: 20_000 });
    const follower = await following(stream, await fixtures.folder());
    const store = follower.get(FactstrStore);
    const query = { filters: [{ event_types: ['order-placed'] }] };
    const of = async (from: FactstrStore) => (await from.query(query)).event_records;
    expect(await of(store)).toEqual(await of(source.get(FactstrStore)));
    await expect(store.append([placed(3)])).rejects.toThrow(ReadOnlyStoreError);
    await expect(store.appendIf([placed(3)], query, null)).rejects.toThrow(ReadOnlyStoreError);
  });
});
