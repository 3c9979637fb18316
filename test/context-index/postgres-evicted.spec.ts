import { describe, expect, it } from '@jest/globals';
import { WHOLE_CONTEXT } from '../../lib/contract/query-page.js';
import type { AppendIfResult, EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareFacts } from '../../lib/contract/validation.js';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import { AppendQueue } from '../../lib/stores/postgres/append/append-queue.js';
import { PostgresAppender } from '../../lib/stores/postgres/append/appender.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { testDatabases } from '../support/postgres/database.js';
import { interrupted, interruptible } from './support/interruption.js';
import { LogModel } from '../support/index/model.js';
import { insertFacts } from '../support/index/postgres-log.js';
import { KnowingProcess } from '../support/index/watched-connection.js';
import { prepared } from '../support/index/world.js';

interruptible();
const processes: KnowingProcess[] = [];
const create = testDatabases(async () => {
  for (const process of processes.splice(0)) await process.end();
});

/** Contexts that are remembered; facts of a log that is a hole until it is stored. */
const CONTEXTS = 4_096;
const MOST = 4_096;
/** Facts that are looked at under the lock. */
const GAP = 1_000;

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });
const others = (count: number): NewEvent[] => Array.from({ length: count }, () => fact(-1));
const about = (n: number): EventQuery => ({
  filters: [{ event_types: ['a'], payload_predicates: [{ n }] }],
});
const context = (n: number): ContextQuery => new ContextQuery(prepared(about(n)));

/** Twice as many as are remembered, of which one half is no longer. */
const filling = [0, 1].map((half) =>
  Array.from({ length: CONTEXTS }, (_, n) => context(1e6 * (1 + half) + n)),
);

/** A process that decides by a log to which another one appends, and what it remembers of contexts. */
class Deciding {
  readonly model = new LogModel();
  readonly process: KnowingProcess;
  readonly #queue: AppendQueue;
  readonly #foreign: FactstrPostgresStore;

  constructor(process: KnowingProcess, foreign: FactstrPostgresStore) {
    this.process = process;
    this.#foreign = foreign;
    const { connection, log, index } = process;
    const appender = new PostgresAppender(connection, log, index, 60_000, () => undefined);
    this.#queue = new AppendQueue(appender, 100, connection.options.lockTimeout);
  }

  async others(...facts: NewEvent[]): Promise<void> {
    await this.#foreign.append(facts);
    this.model.append(facts);
  }

  decide(n: number, expected: bigint | null): Promise<AppendIfResult> {
    const facts = prepareFacts([fact(n)], DEFAULT_LIMITS);
    return this.#queue.add({
      facts,
      condition: { query: context(n), expected },
      appendId: null,
      metadata: null,
    });
  }

  /** Remembers so many other contexts that none of before is left. */
  forget(): void {
    filling.reverse();
    const { log, index } = this.process;
    for (const other of filling[0]!) index.remember(other, null, log.head);
  }
}

/** What happens at a step of a look-up of the context `n`. */
const HAPPENINGS: ((deciding: Deciding, n: number) => unknown)[] = [
  (deciding) => deciding.forget(),
  async (deciding, n) => {
    await deciding.others(...others(GAP), fact(n));
    deciding.forget();
  },
];

/** What happens after the context was looked at, and how many moments a look-up has then at least. */
const BEFORE: [string, number, (deciding: Deciding, n: number) => unknown][] = [
  ['was looked at just now', 2, () => undefined],
  ['was looked at long ago', 6, (deciding) => deciding.others(...others(GAP + 1))],
  ['has been forgotten before', 4, (deciding) => deciding.forget()],
];

/** Contexts 0 to 63, in a segment. */
async function createGrown(): Promise<Deciding> {
  const database = await create();
  const foreign = database.store();
  await foreign.connect();
  const process = new KnowingProcess(database.url);
  processes.push(process);
  const deciding = new Deciding(process, foreign);
  const facts = [...Array.from({ length: 64 }, (_, n) => fact(n)), ...others(MOST)];
  await insertFacts(database, facts);
  deciding.model.append(facts);
  await process.log.refresh();
  await process.keeper.finished();
  return deciding;
}

describe('A context that is forgotten at any step of a look-up', () => {
  it.each(BEFORE)('is decided on by all of it when it %s', async (_, least, before) => {
    const deciding = await createGrown();
    const { model, process } = deciding;
    let n = 0;
    for (const happen of HAPPENINGS) {
      for (let moment = 0; ; moment++, n++) {
        await process.index.query(context(n), WHOLE_CONTEXT);
        await before(deciding, n);
        const expected = model.version(about(n));
        const verdict = await interrupted(
          () => deciding.decide(n, expected),
          moment,
          async () => happen(deciding, n),
        );
        if (verdict === undefined) {
          model.append([fact(n)]);
          expect(moment).toBeGreaterThanOrEqual(least);
          break;
        }
        if (verdict.conflict) {
          const actual = model.version(about(n));
          expect(actual).not.toBe(expected);
          expect(verdict.conflict).toEqual({
            expected_context_version: expected,
            actual_context_version: actual,
          });
        } else {
          // What others append after it does not count.
          const number = Number(verdict.append_result!.first_sequence_number);
          expect(model.version(about(n), number - 1)).toBe(expected);
          model.insertBefore(number, fact(n));
        }
      }
    }
    expect(await process.index.known(context(n))).toMatchObject({
      version: Number(model.version(about(n))),
    });
  });

  it('is read as of one moment', async () => {
    const deciding = await createGrown();
    const { model, process } = deciding;
    let n = 0;
    for (const happen of HAPPENINGS) {
      for (let moment = 0; ; moment++, n++) {
        await process.index.query(context(n), WHOLE_CONTEXT);
        await deciding.others(fact(n));
        const earlier = model.numbers(about(n));
        const answer = await interrupted(
          () => process.index.query(context(n), WHOLE_CONTEXT),
          moment,
          async () => happen(deciding, n),
        );
        if (answer === undefined) {
          expect(moment).toBeGreaterThan(1);
          break;
        }
        const rows = answer.event_records.map(({ sequence_number }) => Number(sequence_number));
        expect([earlier, model.numbers(about(n))]).toContainEqual(rows);
        expect(answer.current_context_version).toBe(BigInt(rows.at(-1)!));
        const actual = model.version(about(n));
        expect(await deciding.decide(n, actual)).toMatchObject({ conflict: null });
        model.append([fact(n)]);
      }
    }
  });
});
