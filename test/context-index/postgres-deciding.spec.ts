import { describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import { testDatabases } from '../support/postgres/database.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { interrupted, interruptible } from './support/interruption.js';
import {
  HOLD_INDEX,
  expectGapless,
  insertFacts,
  segmentRanges,
} from '../support/index/postgres-log.js';
import { SharedLog } from './support/shared-log.js';

interruptible();
const create = testDatabases();

/** Facts of a full tail, which is stored; facts that are not read up; facts that are looked at under the lock. */
const FULL = 4_096;
const CATCH_UP = 4_096;
const GAP = 1_000;

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });
const others = (count: number): NewEvent[] => Array.from({ length: count }, () => fact(-1));
const about = (n: number): EventQuery => ({
  filters: [{ event_types: ['a'], payload_predicates: [{ n }] }],
});

/** Facts about 0 to 63, and as many of no context that one more makes a hole. */
async function createGrown(): Promise<{ database: StoreDatabase; log: SharedLog }> {
  const database = await create();
  await database.store().connect();
  const log = new SharedLog(database.store(), database.store());
  const facts = [...Array.from({ length: 64 }, (_, n) => fact(n)), ...others(CATCH_UP)];
  await insertFacts(database, facts);
  log.model.append(facts);
  return { database, log };
}

describe('A decision of a Postgres store during which others append', () => {
  it.each(['a segment', 'a hole'])(
    'goes by all that was committed before it, while its context is found in %s',
    async (place) => {
      const { database, log } = await createGrown();
      const gate = new Gate();
      const held = place === 'a hole' ? database.hold(HOLD_INDEX, gate.passed) : undefined;
      await held?.begun;
      if (held === undefined) await log.store.contextsIndexed();
      const happenings = [
        async (n: number) => log.others(fact(n)),
        async () => log.others(fact(-1)),
        async () => log.others(...others(GAP)),
        async (n: number) => log.others(...others(GAP), fact(n)),
      ];
      let n = 0;
      for (const happen of happenings) {
        for (let moment = 0; ; moment++, n++) {
          const query = about(n);
          const expected = log.model.version(query);
          const verdict = await interrupted(
            () => log.store.appendIf([fact(n)], query, expected),
            moment,
            () => happen(n),
          );
          if (verdict === undefined) {
            log.model.append([fact(n)]);
            // The look-up's, and the append's.
            expect(moment).toBeGreaterThan(2);
            break;
          }
          if (verdict.conflict) {
            const actual = log.model.version(query);
            expect(actual).not.toBe(expected);
            expect(verdict.conflict).toEqual({
              expected_context_version: expected,
              actual_context_version: actual,
            });
          } else {
            // What others append after it does not count.
            const number = Number(verdict.append_result!.first_sequence_number);
            expect(log.model.version(query, number - 1)).toBe(expected);
            log.model.insertBefore(number, fact(n));
          }
        }
      }
      gate.open();
      await held?.ended;
    },
  );
});

describe('A look-up of a Postgres store', () => {
  it('goes on when what it looks into is merged away', async () => {
    const database = await create();
    const log = new SharedLog(database.store(), database.store());
    const store = async (facts: NewEvent[]): Promise<void> => {
      const before = (await segmentRanges(database)).map(({ last }) => last);
      await log.own(...facts);
      await until(
        async () => (await segmentRanges(database)).at(-1)?.last !== before.at(-1),
        () => 'a segment to be stored',
      );
    };
    for (let moment = 0; ; moment++) {
      await log.store.connect();
      await store([fact(moment), ...others(FULL - 1)]);
      await log.store.contextsIndexed();
      const before = log.model.head;
      const query = about(moment);
      const answer = await interrupted(
        () => log.store.query(query),
        moment,
        // Two of a full tail's size become one.
        () => store([...others(FULL - 1), fact(moment)]),
      );
      if (answer === undefined) {
        expect(moment).toBeGreaterThan(5);
        break;
      }
      log.expectOfOneMoment(query, before, answer);
      await log.expectDecides(
        { query, match: fact(moment), other: fact(-1) },
        answer.current_context_version ?? null,
      );
      await log.store.contextsIndexed();
      await expectGapless(database);
    }
  });
});
