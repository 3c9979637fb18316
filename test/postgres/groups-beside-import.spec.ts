import { describe, expect, it } from '@jest/globals';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { fact, facts, ofTypes, upTo } from '../support/facts/facts.js';
import { testDatabases } from '../support/postgres/database.js';

const create = testDatabases();

/** Calls made together wait together: all but the first, or all of them, are one group. */
async function together<const T extends readonly unknown[]>(
  store: FactstrPostgresStore,
  calls: () => T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await store.connect();
  return Promise.all(calls());
}

describe('Appends beside a bulk import by another process', () => {
  it('are judged while it goes on, however fast the log grows', async () => {
    const database = await create();
    const store = database.store();
    const others = [database.store(), database.store()];
    await store.append([fact('claimed')]);
    // So many that looking for a type takes longer than others need for the next facts.
    await database.run(
      `INSERT INTO events (sequence_number, event_type, payload)
       SELECT n, 'imported', '{}' FROM generate_series(2, 200000) AS n`,
    );
    const end = new AbortController();
    const repeat = async (work: () => Promise<unknown>): Promise<void> => {
      while (!end.signal.aborted) await work();
    };
    const around = [
      ...others.map((other) => repeat(() => other.append(facts(2_000, 'imported')))),
      // What keeps the store up to date, and moves its knowledge of the log.
      repeat(() => store.contextIndex()),
    ];
    try {
      const verdicts = await together(store, () =>
        upTo(32).map((n) =>
          store.appendIf([fact('claimed', n)], ofTypes('claimed', `of ${n}`), 1n),
        ),
      );
      expect(verdicts.map(({ append_result }) => append_result !== null)).toEqual(
        upTo(32).map((n) => n === 1),
      );
    } finally {
      end.abort();
      await Promise.all(around);
    }
  });
});
