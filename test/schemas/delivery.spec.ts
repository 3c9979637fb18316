import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  ApplyFact,
  DurableProjection,
  FactstrMemoryStore,
  FactstrModule,
  FactstrPostgresStore,
  FactstrProjections,
  FactstrSqliteStore,
  FactstrStore,
  OnFacts,
  defineFacts,
} from 'nestjs-factstr';
import type { EventRecord, FactStore, FactstrOptions } from 'nestjs-factstr';
import * as z from 'zod';
import { Fixtures } from '../support/fixtures/applications.js';
import { until } from '../support/waiting/until.js';
import { contractOnly } from './support/services.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const facts = defineFacts({
  'seat-taken.v2': {
    schema: z.object({ seat: z.number() }),
    from: { 'seat-taken': { up: (old) => ({ seat: Number((old as { no: string }).no) }) } },
  },
});
const now = (seat: unknown) => ({ event_type: 'seat-taken.v2', payload: { seat } });
const former = (no: unknown) => ({ event_type: 'seat-taken', payload: { no } });

interface Opened {
  options: FactstrOptions;
  /** Without schemas, on the same log. */
  beneath: FactStore;
}
const OPEN: Record<string, () => Promise<Opened>> = {
  memory: async () => {
    const store = new FactstrMemoryStore();
    return { options: { provider: 'custom', store }, beneath: store };
  },
  SQLite: async () => {
    const path = join(await fixtures.folder(), 'facts.sqlite');
    const beneath = new FactstrSqliteStore(path);
    fixtures.later(() => beneath.close());
    return { options: { provider: 'sqlite', path }, beneath };
  },
  Postgres: async () => {
    const { url } = await fixtures.database();
    const beneath = new FactstrPostgresStore(url);
    fixtures.later(() => beneath.close());
    return { options: { provider: 'postgres', url }, beneath };
  },
};

const calls: string[] = [];
afterEach(() => void calls.splice(0));
const take = (handler: string, records: readonly EventRecord[]): void => {
  for (const { sequence_number, event_type, payload } of records) {
    calls.push(`${handler} ${sequence_number} ${event_type} ${JSON.stringify(payload)}`);
  }
};

@Injectable()
class Live {
  @OnFacts('seat-taken.v2')
  live(records: EventRecord[]) {
    take('live', records);
  }
}

@Injectable()
class Parking {
  @DurableProjection({
    name: 'plain',
    query: 'seat-taken.v2',
    onFailure: 'park',
    maxAttempts: 1,
    batch: { maxFacts: 10 },
  })
  project(records: EventRecord[]) {
    take('plain', records);
  }
}

@Injectable()
@DurableProjection({ name: 'class', onFailure: 'park', maxAttempts: 1 })
class ClassForm {
  @ApplyFact('seat-taken.v2')
  apply(record: EventRecord) {
    take('class', [record]);
  }
}

@Injectable()
class Pausing {
  @DurableProjection({ name: 'pausing', query: 'seat-taken.v2', maxAttempts: 1 })
  project(records: EventRecord[]) {
    take('pausing', records);
  }
}

const start = (options: FactstrOptions, ...providers: (new () => object)[]) =>
  fixtures.app({ imports: [FactstrModule.forRoot({ ...options, facts })], providers });

const called = (handler: string): string[] =>
  calls.filter((call) => call.startsWith(`${handler} `)).map((call) => call.split(' ')[1]!);

describe.each(Object.entries(OPEN))('A stored fact that does not fit, on %s', (_, open) => {
  it('is parked by its number, and its batch goes on; it is delivered once it can be read', async () => {
    const { options, beneath } = await open();
    const app = await start(options, Live, Parking, ClassForm);
    const projections = app.get(FactstrProjections);
    await beneath.append([now(1), former('2'), former('no number'), now('four'), now(5)]);
    await beneath.append([now(6)]);
    await projections.drained();
    await until(
      () => called('live').length === 1,
      () => `live: ${calls.join('; ')}`,
    );
    for (const handler of ['plain', 'class']) expect(called(handler)).toEqual(['1', '2', '5', '6']);
    expect(calls).toContain('plain 2 seat-taken.v2 {"seat":2}');
    // A live handler has lost the whole batch, and says so.
    expect(called('live')).toEqual(['6']);
    const [live] = projections.liveHandlers();
    expect(live).toMatchObject({
      running: true,
      failures: 1,
      lastError: expect.stringContaining('Fact 3 ("seat-taken")'),
    });
    for (const name of ['plain', 'class']) {
      const parked = await projections.parked(name);
      expect(parked.map(({ sequence_number }) => sequence_number)).toEqual([3n, 4n]);
      expect(parked[0]!.error).toContain('cannot be read as "seat-taken.v2": $.seat');
      expect(parked[1]!.error).toContain('does not fit its schema: $.seat is not as it says');
      expect(parked[0]!.error + parked[1]!.error).not.toMatch(/no number|four/);
    }
    const store: FactstrStore<object> = app.get(FactstrStore);
    expect(await store.check()).toMatchObject({
      facts: 6,
      unread: [
        { event_type: 'seat-taken', count: 1, numbers: [3n], paths: ['$.seat'] },
        { event_type: 'seat-taken.v2', count: 1, numbers: [4n], paths: ['$.seat'] },
      ],
    });
    await app.close();

    // A later version of the application can read them.
    const lenient = defineFacts({
      'seat-taken.v2': {
        schema: z.object({ seat: z.unknown() }),
        from: { 'seat-taken': { up: (old) => ({ seat: (old as { no: unknown }).no }) } },
      },
    });
    calls.splice(0);
    const again = await fixtures.app({
      imports: [FactstrModule.forRoot({ ...options, facts: lenient })],
      providers: [Parking, ClassForm],
    });
    for (const name of ['plain', 'class']) {
      await again.get(FactstrProjections).retryParked(name);
      await until(
        () => called(name).length === 2,
        () => calls.join('; '),
      );
    }
    expect(calls).toContain('plain 3 seat-taken.v2 {"seat":"no number"}');
    expect(calls).toContain('class 4 seat-taken.v2 {"seat":"four"}');
  });

  it('pauses a projection that parks nothing, with the code and the number', async () => {
    const { options, beneath } = await open();
    const app = await start(options, Pausing);
    const projections = app.get(FactstrProjections);
    await beneath.append([now(1)]);
    await beneath.append([former('no number')]);
    await until(
      async () => (await projections.status('pausing')).state === 'paused',
      () => 'the projection to be paused',
    );
    expect(await projections.status('pausing')).toMatchObject({
      code: 'INVALID_STORED_FACT',
      reason: expect.stringContaining('fact 2'),
    });
    expect(called('pausing')).toEqual(['1']);
  });
});

it('A store with the contract only pauses the projection as well, and live handlers go on', async () => {
  const beneath = new FactstrMemoryStore();
  const app = await start({ provider: 'custom', store: contractOnly(beneath) }, Live, Pausing);
  const projections = app.get(FactstrProjections);
  beneath.append([now(1)]);
  beneath.append([former('no number')]);
  beneath.append([former('3')]);
  await until(
    async () => (await projections.status('pausing')).state !== 'live',
    () => 'the projection to end',
  );
  expect(await projections.status('pausing')).toMatchObject({
    code: 'INVALID_STORED_FACT',
    reason: expect.stringContaining('fact 2'),
  });
  await until(
    () => called('live').length === 2,
    () => calls.join('; '),
  );
  expect(called('live')).toEqual(['1', '3']);
  expect(projections.liveHandlers()[0]).toMatchObject({ failures: 1 });
  const store: FactstrStore<object> = app.get(FactstrStore);
  expect(await store.check()).toMatchObject({ head: 3n, unread: [{ numbers: [2n] }] });
});

it('A stored fact that does not fit fails queries, by its code and number', async () => {
  const beneath = new FactstrMemoryStore();
  const store: FactstrStore<object> = FactstrStore.of(beneath, { facts });
  beneath.append([now(1), now('two')]);
  await expect(store.query({})).rejects.toMatchObject({
    code: 'INVALID_STORED_FACT',
    sequence_number: 2n,
    event_type: 'seat-taken.v2',
    paths: ['$.seat'],
  });
});
