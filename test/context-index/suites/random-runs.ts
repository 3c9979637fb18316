import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NewEvent } from '../../../lib/contract/contract.types.js';
import { Material } from '../../support/facts/arbitrary.js';
import { LogModel } from '../../support/index/model.js';
import type { CheckedAsyncStore, CheckedStore } from '../../support/index/model.js';
import { CHUNKS, SEGMENTS } from '../../support/sqlite/index-tables.js';

/** What is done to the tables of an index. The damage to a chunk's bytes is in each database's own words. */
export const HARMS = {
  drop: `DROP TABLE IF EXISTS ${SEGMENTS}; DROP TABLE IF EXISTS ${CHUNKS}`,
  'drop-chunks': `DROP TABLE IF EXISTS ${CHUNKS}`,
  empty: `DELETE FROM ${SEGMENTS}; DELETE FROM ${CHUNKS}`,
  'lose-chunks': `DELETE FROM ${CHUNKS} WHERE id % 2 = 0`,
  'damage-chunks': '',
  'damage-rows': `UPDATE ${SEGMENTS} SET last_sequence_number = last_sequence_number + 1`,
} as const;

export type Harm = keyof typeof HARMS;

export type RunStore = (CheckedStore | CheckedAsyncStore) & {
  append(events: NewEvent[]): unknown;
  contextsIndexed(): Promise<void>;
  contextIndex(): unknown;
};

/** A log on which a run takes its steps, through two stores of one process and from outside. */
export interface RunLog {
  readonly store: RunStore;
  readonly other: RunStore;
  /** Appends as another engine does. */
  foreign(facts: NewEvent[]): unknown;
  /** Appends, and is rolled back. */
  rollback(facts: NewEvent[]): unknown;
  reopen(): unknown;
  harm(harm: Harm, material: Material): unknown;
  /** Decisions that wait together. */
  crowd?(count: number, material: Material, model: LogModel): Promise<void>;
  /** Chunks that belong to no segment. */
  strayChunks(): number | Promise<number>;
}

const KINDS = ['append', 'other', 'foreign', 'reopen', 'rollback', 'crowd', 'wait'] as const;

interface Step {
  readonly kind: (typeof KINDS)[number] | Harm;
  readonly size: number;
}

const size = fc.constantFrom(1, 1, 2, 7, 100, 900, 1_024, 1_100, 3_000, 9_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), size }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom(...KINDS), size }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom(...(Object.keys(HARMS) as Harm[])), size }),
  },
);

/** `INDEX_RUNS` makes more of them. */
export function itIsRightInRandomRuns(open: () => RunLog | Promise<RunLog>, few: number): void {
  const runs = Number(process.env['INDEX_RUNS'] ?? few);
  it(
    'are those of the reference matcher, whoever appends and whatever becomes of the index',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 4, maxLength: 14 }),
          fc.integer(),
          async (steps, seed) => {
            const run = new Run(await open(), seed);
            for (const each of steps) await run.take(each);
            await run.finish();
          },
        ),
        { numRuns: runs },
      );
    },
    60_000 * runs,
  );
}

class Run {
  readonly #log: RunLog;
  readonly #material: Material;
  readonly #model = new LogModel();

  constructor(log: RunLog, seed: number) {
    this.#log = log;
    this.#material = new Material(seed);
  }

  async take({ kind, size: count }: Step): Promise<void> {
    const facts = this.#material.draw(count);
    switch (kind) {
      case 'append':
        await this.#log.store.append(facts);
        this.#model.append(facts);
        break;
      case 'other':
        await this.#log.other.append(facts);
        this.#model.append(facts);
        break;
      case 'foreign':
        await this.#log.foreign(facts);
        this.#model.append(facts);
        break;
      case 'reopen':
        await this.#log.reopen();
        break;
      case 'rollback':
        await this.#log.rollback(facts);
        break;
      case 'crowd':
        await this.#log.crowd?.(Math.min(count, 40), this.#material, this.#model);
        break;
      case 'wait':
        await this.#log.store.contextsIndexed();
        break;
      default:
        await this.#log.harm(kind, this.#material);
    }
    await this.#check([this.#log.store], 8);
  }

  async finish(): Promise<void> {
    const { store, other } = this.#log;
    await this.#check([store, other]);
    await store.contextsIndexed();
    const head = BigInt(this.#model.head);
    expect(await store.contextIndex()).toEqual({ head, indexed: head });
    expect(await this.#log.strayChunks()).toBe(0);
    await this.#check([store, other]);
  }

  async #check(stores: readonly RunStore[], queries?: number): Promise<void> {
    for (const store of stores) {
      for (const query of this.#material.queries.slice(0, queries)) {
        await this.#model.checkSoon(store, query);
      }
    }
  }
}
