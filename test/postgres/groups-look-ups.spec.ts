import { describe, expect, it } from '@jest/globals';
import type { AppendIfResult } from '../../lib/contract/contract.types.js';
import { DatabaseBusyError } from '../../lib/contract/errors.js';
import type { PostgresStoreOptions } from '../../lib/stores/postgres/options.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { containing, fact, facts } from '../support/facts/facts.js';
import { Gate } from '../support/inbox/inbox.js';
import { errorOf } from '../support/facts/outcome.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';

const create = testDatabases();

/** Calls made together wait together: all but the first, or all of them, are one group. */
async function together<const T extends readonly unknown[]>(
  store: FactstrPostgresStore,
  calls: () => T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await store.connect();
  return Promise.all(calls());
}

function firstOf({ append_result }: AppendIfResult): number | null {
  return append_result ? Number(append_result.first_sequence_number) : null;
}

const LOOK_UPS = `SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%index_1_chunks%'
    AND pid <> pg_backend_pid()`;
const CANCEL_LOOK_UPS = `SELECT pg_cancel_backend(pid) FROM (${LOOK_UPS}) AS waiting`;

/** 5,000 facts of which the index is locked, and one more; the store has looked nothing up yet. */
async function withLockedIndex(
  database: StoreDatabase,
  options: PostgresStoreOptions = {},
): Promise<{ store: FactstrPostgresStore; release: () => Promise<void> }> {
  const filled = database.store();
  await filled.append(facts(5_000));
  await filled.contextsIndexed();
  await filled.append([fact('claimed', { seat: 1 })]);
  const store = database.store(options);
  await store.contextIndex();
  const gate = new Gate();
  const holder = database.hold('LOCK TABLE nestjs_factstr_index_1_chunks', gate.passed);
  await holder.begun;
  const release = async (): Promise<void> => {
    gate.open();
    await holder.ended;
  };
  return { store, release };
}

describe('The look-ups of appends that wait together', () => {
  it('fail alone when their look-up does; order is kept', async () => {
    const database = await create();
    const { store, release } = await withLockedIndex(database);
    try {
      const calls = together(store, () => [
        store.append([fact('noted', 'before')]),
        errorOf(() => store.appendIf(facts(1), containing({ n: 5 }), 6n)),
        store.append([fact('noted', 'after')]),
      ]);
      let answered = false;
      const answer = () => void (answered = true);
      void calls.then(answer, answer);
      // The background may wait for the index too: each that does is cancelled, until the look-up was.
      await until(
        async () => {
          await database.rows(CANCEL_LOOK_UPS);
          return answered;
        },
        () => 'the end of a look-up',
      );
      const [before, failed, after] = await calls;
      expect(before).toMatchObject({ first_sequence_number: 5_002n });
      expect(failed).toBeInstanceOf(DatabaseBusyError);
      expect(after).toMatchObject({ first_sequence_number: 5_003n });
    } finally {
      await release();
    }
  });

  it('leave it to the server to look their contexts up where somebody holds the index', async () => {
    const database = await create();
    const { store, release } = await withLockedIndex(database, { lockTimeout: 300 });
    try {
      const verdicts = await together(store, () => [
        store.appendIf(facts(1), containing({ n: 5 }), 5n),
        store.appendIf(facts(1), containing({ n: 5 }), 6n),
      ]);
      expect(verdicts.map(firstOf)).toEqual([null, 5_002]);
      expect(verdicts[0].conflict?.actual_context_version).toBe(6n);
    } finally {
      await release();
    }
  });

  it('leave it to the server where long queries hold every connection', async () => {
    const database = await create();
    const { store, release } = await withLockedIndex(database, {
      pool: { max: 2 },
      // Long enough for a new connection on a busy machine.
      connectionTimeout: 4_000,
    });
    const long = store.query(containing({ n: 5 }));
    try {
      await until(
        async () => (await database.rows(LOOK_UPS)).length > 0,
        () => 'a query that waits',
      );
      const { append_result } = await store.appendIf(facts(1), containing({ n: 7 }), 8n);
      expect(append_result?.first_sequence_number).toBe(5_002n);
    } finally {
      await release();
    }
    expect((await long).current_context_version).toBe(6n);
  });
});
