import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, FactStore, LogSource, ProjectionStatus } from 'nestjs-factstr';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { logOf } from '../../lib/streams/store-face.js';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** A user's store: no class of ours, with the contract and a log that it shows. */
function storeWithLog(): FactStore & { readonly log: LogSource } {
  const inner = new FactstrMemoryStore();
  const { log } = inner;
  return {
    append: (events) => inner.append(events),
    appendIf: (events, query, expected) => inner.appendIf(events, query, expected),
    query: (query) => inner.query(query),
    streamAll: (handle) => inner.streamAll(handle),
    streamTo: (query, handle) => inner.streamTo(query, handle),
    streamAllDurable: (stream, handle) => inner.streamAllDurable(stream, handle),
    streamToDurable: (stream, query, handle) => inner.streamToDurable(stream, query, handle),
    close: () => inner.close(),
    log: {
      head: () => log.head(),
      readBatches: (after, limit) => log.readBatches(after, limit),
      onCommit: (wake) => log.onCommit(wake),
      cursorStore: log.cursorStore,
    },
  };
}

const seen: string[] = [];
let poison: bigint | undefined;

class Items {
  @DurableProjection({ name: 'items', query: 'added', onFailure: 'park', maxAttempts: 1 })
  project(facts: EventRecord[]) {
    for (const { sequence_number } of facts) {
      if (sequence_number === poison) throw new Error('poison');
      seen.push(`1: ${sequence_number}`);
    }
  }
}

class ItemsAnew {
  @DurableProjection({
    name: 'items',
    version: 2,
    query: 'added',
    startFrom: 1n,
    batch: { maxFacts: 10 },
  })
  project(facts: EventRecord[]) {
    seen.push(`2: ${facts.map(({ sequence_number }) => String(sequence_number)).join('+')}`);
  }
}

async function start(store: FactStore) {
  const app = await fixtures.app({
    imports: [FactstrModule.forRoot({ provider: 'custom', store })],
    providers: [Items, ItemsAnew],
  });
  const projections = app.get(FactstrProjections);
  const reaches = async (version: number, is: (status: ProjectionStatus) => boolean) => {
    const found = async () =>
      (await projections.list()).find((status) => status.version === version)!;
    let last: ProjectionStatus | undefined;
    await until(
      async () => is((last = await found())),
      () => `version ${version}; it is ${last?.state} at ${last?.position}: ${last?.reason}`,
    );
    return last!;
  };
  return { app, projections, reaches, facts: app.get(FactstrStore) };
}

const added = [{ event_type: 'added', payload: {} }];

describe('A custom store that shows its log', () => {
  it('has leases, versions, batches, a start, parking, rebuilds and a status like ours', async () => {
    seen.length = 0;
    poison = 2n;
    const store = storeWithLog();
    await store.append(added);
    await store.append(added);
    await store.append(added);
    const { app, projections, reaches } = await start(store);

    const parked = await reaches(1, ({ state }) => state === 'parked-some');
    expect(parked).toMatchObject({ position: 3n, head: 3n, lag: 0n, parked: 1 });
    expect(parked.owner).toMatchObject({ self: true, pid: process.pid });
    await reaches(2, ({ state, position }) => state === 'live' && position === 3n);
    expect(seen.filter((line) => line.startsWith('1'))).toEqual(['1: 1', '1: 3']);
    expect(seen.filter((line) => line.startsWith('2'))).toEqual(['2: 2+3']);

    poison = undefined;
    await projections.retryParked('items', { version: 1 });
    await reaches(1, ({ state, parked: count }) => state === 'live' && count === 0);
    expect(seen).toContain('1: 2');
    await projections.switchTo('items', 2);
    expect((await projections.list()).map(({ version, active }) => [version, active])).toEqual([
      [1, false],
      [2, true],
    ]);
    seen.length = 0;
    await projections.rebuild('items', { version: 2 });
    await reaches(2, ({ position }) => position === 3n);
    expect(seen).toEqual(['2: 1+2+3']);
    await app.close();
    expect((await store.log.cursorStore.find('items'))?.owner).toBeNull();
    await store.close();
  });

  it('runs a projection in one of two applications, and hands it over', async () => {
    seen.length = 0;
    poison = undefined;
    const store = storeWithLog();
    const one = await start(store);
    await one.reaches(1, ({ state }) => state === 'live');
    const two = await start(store);
    const waiting = await two.reaches(1, ({ owner }) => owner !== null);
    expect(waiting.owner?.self).toBe(false);
    await two.facts.append(added);
    await one.reaches(1, ({ position }) => position === 1n);
    await one.app.close();
    await two.facts.append(added);
    await two.reaches(1, ({ position, owner }) => position === 2n && owner?.self === true);
    expect(seen.filter((line) => line.startsWith('1'))).toEqual(['1: 1', '1: 2']);
    await two.app.close();
    await store.close();
  });

  it('is told from one that has the contract only by the log’s members', () => {
    const { log, ...contract } = storeWithLog();
    expect(logOf(contract)).toBeUndefined();
    const { cursorStore, ...rest } = log;
    expect(logOf({ ...contract, log: rest } as FactStore)).toBeUndefined();
    expect(logOf({ ...contract, log: { ...rest, cursorStore } } as FactStore)).toBeDefined();
  });
});
