import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import type { FactstrSqliteStore } from '../../lib/stores/sqlite/sqlite.store.js';
import { TestFolder } from '../sqlite/support/folder.js';
import { LogModel, newEvent, queriesAbout } from './support/model.js';

/** Facts to draw from, and queries about them. */
interface Material {
  readonly facts: NewEvent[];
  readonly queries: EventQuery[];
}

function material(seed?: number): Material {
  const facts = fc.sample(newEvent, { numRuns: 60, ...(seed !== undefined && { seed }) });
  const about = queriesAbout(facts.map(({ payload }) => payload));
  return { facts, queries: fc.sample(about, { numRuns: 40, ...(seed !== undefined && { seed }) }) };
}

describe('The SQLite store’s contexts', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = new TestFolder();
  });
  afterEach(() => folder.dispose());

  it('are those of the reference matcher through appends, batches, reopenings, other stores and rollbacks', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('append'),
          size: fc.constantFrom(1, 1, 2, 7, 100, 900, 1_100, 3_000),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constantFrom(
            'reopen',
            'other',
            'raw',
            'rollback',
            'drop',
            'delete',
            'damage',
            'damage-row',
            'wait',
          ),
          size: fc.constantFrom(1, 300, 1_500, 6_000),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 4, maxLength: 14 }),
        fc.integer(),
        async (steps, seed) => {
          const run = new TestFolder();
          try {
            const { facts, queries } = material(seed);
            const model = new LogModel();
            let store = run.open();
            const other = run.open();
            const outside = run.database();
            let next = Math.abs(seed);
            const draw = (count: number): NewEvent[] =>
              Array.from(
                { length: count },
                () =>
                  facts[(next = (next * 1_103_515_245 + 12_345) % 2_147_483_648) % facts.length]!,
              );
            for (const { kind, size } of steps) {
              const batch = draw(size);
              switch (kind) {
                case 'append':
                  store.append(batch);
                  model.append(batch);
                  break;
                case 'reopen':
                  store.close();
                  store = run.open();
                  break;
                case 'other':
                  other.append(batch);
                  model.append(batch);
                  break;
                case 'raw': {
                  const insert = outside.prepare(
                    "INSERT INTO events SELECT coalesce(max(sequence_number), 0) + 1, '2026-01-01T00:00:00Z', ?, ? FROM events",
                  );
                  outside
                    .transaction(() => {
                      for (const { event_type, payload } of batch)
                        insert.run(event_type, JSON.stringify(payload));
                    })
                    .immediate();
                  model.append(batch);
                  break;
                }
                case 'rollback': {
                  outside.exec(
                    "CREATE TRIGGER no BEFORE INSERT ON append_batches BEGIN SELECT raise(ABORT, 'no'); END",
                  );
                  expect(() => store.append([...batch, ...batch])).toThrow();
                  outside.exec('DROP TRIGGER no');
                  break;
                }
                case 'drop':
                  outside.exec(
                    'DROP TABLE IF EXISTS nestjs_factstr_index_1_segments; DROP TABLE IF EXISTS nestjs_factstr_index_1_chunks',
                  );
                  break;
                case 'delete':
                  try {
                    outside.exec('DELETE FROM nestjs_factstr_index_1_chunks');
                  } catch {
                    /* dropped */
                  }
                  break;
                case 'damage':
                  try {
                    outside.exec(
                      `UPDATE nestjs_factstr_index_1_chunks SET entries = substr(entries, 1, ${size % 3_000}) || x'17' || substr(entries, ${size % 3_000} + 2)`,
                    );
                  } catch {
                    /* dropped */
                  }
                  break;
                case 'damage-row':
                  try {
                    outside.exec(
                      `UPDATE nestjs_factstr_index_1_segments SET last_sequence_number = last_sequence_number + 1`,
                    );
                  } catch {
                    /* dropped */
                  }
                  break;
                case 'wait':
                  await store.contextsIndexed();
                  break;
              }
              for (const query of queries.slice(0, 6)) model.check(store, query);
              model.checkVerdict(store, queries[7]!);
            }
            for (const query of queries) model.check(store, query);
            await other.contextsIndexed();
            for (const query of queries) model.check(other, query);
          } finally {
            await run.dispose();
          }
        },
      ),
      { numRuns: Number(process.env['INDEX_RUNS'] ?? 15) },
    );
  }, 600_000);
});
