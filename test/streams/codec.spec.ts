import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import type { FactCodec } from '../../lib/contract/fact-codec.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareQuery } from '../../lib/contract/validation.js';
import { queryText } from '../../lib/matching/query-text.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { fact, ofTypes } from '../support/facts/facts.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { Inbox } from '../support/inbox/inbox.js';
import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { databasesOf } from '../support/providers/provider.js';
import type { ConformingStore } from '../support/providers/provider.js';
import { sqlite } from '../support/providers/sqlite.js';
import { until } from '../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** Facts are stored as `seat-taken`, and readers know them as `place-taken`. */
const renaming: FactCodec = {
  translate: ({ filters, min_sequence_number }) => ({
    filters:
      filters?.map((filter) => ({
        ...filter,
        event_types: filter.event_types?.map((type) => type.replace('place', 'seat')) ?? null,
      })) ?? null,
    min_sequence_number,
  }),
  decode: (record) => ({ ...record, event_type: record.event_type.replace('seat', 'place') }),
  admit: () => undefined,
  knows: () => true,
};

const taken = [fact('seat-taken', { seat: 1 })];
const ofPlaces = ofTypes('place-taken');
const types = (records: readonly EventRecord[]): string[] =>
  records.map(({ sequence_number, event_type }) => `${sequence_number} ${event_type}`);

let poison = false;
const calls: string[] = [];
afterEach(() => {
  poison = false;
  calls.length = 0;
});
const take = (handler: string, facts: readonly EventRecord[]): void => {
  calls.push(...types(facts).map((text) => `${handler}: ${text}`));
};

@Injectable()
class Handlers {
  @OnFacts('place-taken')
  live(facts: EventRecord[]) {
    take('live', facts);
  }

  @DurableProjection({ name: 'places', query: 'place-taken', onFailure: 'park', maxAttempts: 1 })
  project(facts: EventRecord[]) {
    if (poison) throw new Error('poison');
    take('plain', facts);
  }
}

@Injectable()
@DurableProjection({ name: 'one-by-one', onFailure: 'park', maxAttempts: 1 })
class OneByOne {
  @ApplyFact('place-taken')
  apply(given: EventRecord) {
    if (poison && given.sequence_number === 5n) throw new Error('poison');
    take('class', [given]);
  }
}

describe.each([memory, sqlite, postgres])('A codec that renames a type, on $name', (provider) => {
  const createDatabase = databasesOf<Awaited<ReturnType<typeof provider.create>>>(provider);

  async function filled(): Promise<ConformingStore> {
    const store = await (await createDatabase()).open({ codec: renaming });
    await store.append(taken);
    await store.append([fact('other')]);
    await store.append(taken);
    return store;
  }

  it('shows readers its name, and judges contexts by what is stored', async () => {
    const store = await filled();
    const promises = (store as Partial<FactstrSqliteStore>).promises ?? store;
    for (const face of [store, promises]) {
      const { event_records, current_context_version } = await face.query(ofPlaces);
      expect(types(event_records)).toEqual(['1 place-taken', '3 place-taken']);
      expect(current_context_version).toBe(3n);
      expect(types((await face.query({})).event_records)).toEqual([
        '1 place-taken',
        '2 other',
        '3 place-taken',
      ]);
    }
    expect(await store.appendIf(taken, ofPlaces, 1n)).toMatchObject({
      conflict: { actual_context_version: 3n },
    });
    expect(await store.appendIf(taken, ofPlaces, 3n)).toMatchObject({ conflict: null });
    expect(await promises.appendIf(taken, ofPlaces, 3n)).toMatchObject({
      conflict: { actual_context_version: 4n },
    });
  });

  it('shows streams its name, replayed and live, and stores the query as one on what is stored', async () => {
    const store = await filled();
    const [all, some, durable] = [new Inbox(), new Inbox(), new Inbox()];
    await store.streamAll(all.handle).started;
    await store.streamTo(ofPlaces, some.handle).started;
    const subscription = await store.streamToDurable({ name: 'd' }, ofPlaces, durable.handle);
    await store.append([fact('other')]);
    await store.append(taken);
    for (const inbox of [all, some, durable]) await inbox.reaches(5);
    const shown = (inbox: Inbox): string[] => types(inbox.batches.flat());
    expect(shown(all)).toEqual(['4 other', '5 place-taken']);
    expect(shown(some)).toEqual(['5 place-taken']);
    expect(shown(durable)).toEqual(['1 place-taken', '3 place-taken', '5 place-taken']);
    expect(Object.isFrozen(durable.batches[0]![0]!.payload)).toBe(true);

    const { cursorStore } = store.log;
    await until(
      async () => (await cursorStore.find('d'))?.position === 5n,
      () => 'the cursor to be stored at fact 5',
    );
    const stored = prepareQuery(ofTypes('seat-taken'), DEFAULT_LIMITS);
    expect((await cursorStore.find('d'))!.query_text).toBe(queryText(stored));
    subscription.unsubscribe();
    // The fingerprint is the stored fact's: the stream goes on.
    const later = new Inbox();
    await store.streamToDurable({ name: 'd' }, ofPlaces, later.handle);
    await store.append(taken);
    await later.reaches(6);
    expect(shown(later)).toEqual(['6 place-taken']);
  });

  it('fails with its own error where it cannot decode', async () => {
    const failure = new TypeError('no such type');
    const decode = (): never => {
      throw failure;
    };
    const store = await (await createDatabase()).open({ codec: { ...renaming, decode } });
    await store.append(taken);
    const promises = (store as Partial<FactstrSqliteStore>).promises ?? store;
    for (const face of [store, promises]) {
      await expect(async () => face.query(ofPlaces)).rejects.toBe(failure);
    }
    expect(await store.appendIf(taken, ofPlaces, null)).toMatchObject({
      conflict: { actual_context_version: 1n },
    });
  });

  it('shows handlers its name, also of facts that were parked', async () => {
    const store = await filled();
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot({ provider: 'custom', store })],
      providers: [Handlers, OneByOne],
    });
    const projections = app.get(FactstrProjections);
    const waitFor = (count: number): Promise<void> =>
      until(
        () => calls.length >= count,
        () => `${count} calls; there were ${calls.join(', ')}`,
      );
    await waitFor(4);
    expect(calls.splice(0).toSorted()).toEqual([
      'class: 1 place-taken',
      'class: 3 place-taken',
      'plain: 1 place-taken',
      'plain: 3 place-taken',
    ]);
    poison = true;
    await store.append(taken);
    await store.append(taken);
    const parked = async (): Promise<string[]> =>
      (await projections.list()).map(({ name, parked: count }) => `${name} ${count}`).toSorted();
    await until(
      async () => (await parked()).join() === 'one-by-one 1,places 2',
      () => `facts to be parked; calls: ${calls.join(', ')}`,
    );
    await waitFor(3);
    expect(calls.splice(0).toSorted()).toEqual([
      'class: 4 place-taken',
      'live: 4 place-taken',
      'live: 5 place-taken',
    ]);
    poison = false;
    await projections.retryParked('places');
    await projections.retryParked('one-by-one');
    await waitFor(3);
    expect(calls.toSorted()).toEqual([
      'class: 5 place-taken',
      'plain: 4 place-taken',
      'plain: 5 place-taken',
    ]);
    await until(
      async () => (await parked()).join() === 'one-by-one 0,places 0',
      () => 'no fact to be parked any more',
    );
    await app.close();
  });
});
