import { afterEach, describe, expect, it } from '@jest/globals';
import { FactstrStore, InvalidOptionsError } from 'nestjs-factstr';
import type { NewEvent } from 'nestjs-factstr';
import { FactstrMemoryStore } from '../../../lib/stores/memory/store.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const enrolled = (course: string, student: string) => ({
  event_type: 'student-enrolled',
  payload: { course, student },
});

describe('FactstrStore', () => {
  const open = {
    memory: async () => new FactstrMemoryStore(),
    sqlite: async () => {
      const options = await optionsOf('sqlite', fixtures);
      return new FactstrSqliteStore((options as { path: string }).path);
    },
    postgres: async () => {
      const options = await optionsOf('postgres', fixtures);
      return new FactstrPostgresStore((options as { url: string }).url);
    },
  };

  it.each(Object.keys(open) as ProviderName[])('.of() works without Nest on %s', async (name) => {
    const raw = await open[name]();
    const store = FactstrStore.of(raw);
    fixtures.later(() => store.close());
    await store.append([enrolled('a', 'x')]);
    expect(await store.decide({}, () => [enrolled('a', 'y')])).toMatchObject({
      committed_count: 1n,
    });
    await store.close();
    await expect(store.query({})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('reads page after page, so that memory holds one', async () => {
    const raw = new FactstrMemoryStore();
    for (let n = 0; n < 20; n++) raw.append([enrolled('a', String(n))]);
    const limits: unknown[] = [];
    const queryPage = raw.queryPage.bind(raw);
    raw.queryPage = (query, page) => {
      limits.push(page);
      return queryPage(query, page);
    };
    let read = 0;
    for await (const _ of FactstrStore.of(raw).read({}, { pageSize: 4 })) read++;
    expect(read).toBe(20);
    expect(limits).toEqual([4, 4, 4, 4, 4]);
  });

  it('refuses options that cannot be meant', async () => {
    const store = FactstrStore.of(new FactstrMemoryStore());
    for (const pageSize of [0, -1, 1.5, NaN, Infinity]) {
      await expect(store.read({}, { pageSize }).next()).rejects.toBeInstanceOf(InvalidOptionsError);
    }
    for (const retries of [-1, 0.5, NaN]) {
      await expect(store.decide({}, () => [], { retries })).rejects.toBeInstanceOf(
        InvalidOptionsError,
      );
    }
    const decision = () => undefined as unknown as NewEvent[];
    await expect(store.decide({}, decision)).rejects.toMatchObject({ code: 'INVALID_EVENT' });
    await store.close();
  });
});
