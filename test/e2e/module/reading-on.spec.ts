import { afterEach, describe, expect, it } from '@jest/globals';
import type { EventRecord, FactStore, QueryResult } from 'nestjs-factstr';
import { FactstrMemoryStore, FactstrStore } from 'nestjs-factstr';
import { PageReader, pagesOf } from '../../../lib/service/reading/pages.js';
import { readOptions } from '../../../lib/service/reading/query-options.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { settle } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const open = {
  memory: async () => new FactstrMemoryStore(),
  sqlite: async () =>
    new FactstrSqliteStore(((await optionsOf('sqlite', fixtures)) as { path: string }).path),
  postgres: async () =>
    new FactstrPostgresStore(((await optionsOf('postgres', fixtures)) as { url: string }).url),
};

const fact = (event_type: string) => ({ event_type, payload: {} });
const ofType = (type: string) => ({ filters: [{ event_types: [type] }] });

describe.each(Object.keys(open) as ProviderName[])(
  'A reader of %s, while others append',
  (name) => {
    it('is given all up to the version at its beginning, and nothing beyond it', async () => {
      const store = FactstrStore.of(await open[name]());
      fixtures.later(() => store.close());
      // More facts than a page and the one that is read ahead have.
      for (const pageSize of [1, 2, 3, 4, 8, 9, 10]) {
        const type = `of-${pageSize}`;
        await store.append(Array.from({ length: 9 }, () => fact(type)));
        const { event_records } = await store.query(ofType(type));
        const seen: EventRecord[] = [];
        for await (const record of store.read(ofType(type), { pageSize })) {
          seen.push(record);
          if (seen.length > 9) break;
          await store.append([fact(type)]);
        }
        expect([pageSize, seen]).toEqual([pageSize, event_records]);
      }
    });
  },
);

/** Pages whose answers come when the test says so. */
class SteppedPages {
  readonly log: EventRecord[] = [];
  readonly open: { after: bigint; answer: () => void; fail: (error: Error) => void }[] = [];

  append(count: number): void {
    for (let n = 0; n < count; n++) {
      const sequence_number = BigInt(this.log.length + 1);
      const occurred_at = '2030-01-01T00:00:00Z';
      this.log.push({ sequence_number, occurred_at, event_type: 'a', payload: {} });
    }
  }

  readonly queryPage = (
    { min_sequence_number }: { min_sequence_number?: bigint | null | undefined },
    limit: number,
  ): Promise<QueryResult> => {
    const after = min_sequence_number ?? 0n;
    return new Promise((resolve, reject) => {
      const answer = (): void => {
        const event_records = this.log.slice(Number(after), Number(after) + limit);
        resolve({
          event_records,
          last_returned_sequence_number: event_records.at(-1)?.sequence_number ?? null,
          current_context_version: this.log.at(-1)?.sequence_number ?? null,
        });
      };
      this.open.push({ after, answer, fail: reject });
    });
  };

  async step(how: 'answer' | 'fail' = 'answer'): Promise<void> {
    const page = this.open.shift()!;
    if (how === 'answer') page.answer();
    else page.fail(new Error('gone'));
    await settle();
  }
}

function reading(pages: SteppedPages, pageSize: number) {
  const store = pages as unknown as FactStore;
  return pagesOf(new PageReader(store, store), {}, readOptions({ pageSize }));
}

describe('A page that is read ahead', () => {
  it('ends at the version at the beginning, at, below and above the end of a page', async () => {
    for (let facts = 0; facts <= 7; facts++) {
      const pages = new SteppedPages();
      pages.append(facts);
      const given: bigint[] = [];
      const running = (async () => {
        for await (const { sequence_number } of reading(pages, 3)) given.push(sequence_number);
      })();
      for (let read = 0; pages.open.length > 0; read++) {
        if (read > 0) pages.append(4);
        await pages.step();
        expect(read).toBeLessThan(4);
      }
      await running;
      expect(given).toEqual(pages.log.slice(0, facts).map((row) => row.sequence_number));
    }
  });

  it('is one, and is asked for before the page before it is given', async () => {
    const pages = new SteppedPages();
    pages.append(7);
    const rows = reading(pages, 2);
    const first = rows.next();
    await pages.step();
    expect((await first).value).toMatchObject({ sequence_number: 1n });
    expect(pages.open.map(({ after }) => after)).toEqual([2n]);
    await rows.next();
    const third = rows.next();
    await settle();
    expect(pages.open.map(({ after }) => after)).toEqual([2n]);
    await pages.step();
    expect((await third).value).toMatchObject({ sequence_number: 3n });
    expect(pages.open.map(({ after }) => after)).toEqual([4n]);
    await rows.return();
    // Nobody hears of its failure.
    await pages.step('fail');
  });

  it('fails for who gets there, after what was read before', async () => {
    const pages = new SteppedPages();
    pages.append(4);
    const rows = reading(pages, 2);
    const first = rows.next();
    await pages.step();
    await first;
    await pages.step('fail');
    expect((await rows.next()).value).toMatchObject({ sequence_number: 2n });
    await expect(rows.next()).rejects.toThrow('gone');
    expect(await rows.next()).toEqual({ done: true, value: undefined });
  });
});
