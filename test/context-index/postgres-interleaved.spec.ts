import { describe, expect, it } from '@jest/globals';
import type { QueryResult } from '../../lib/contract/contract.types.js';
import { Gate } from '../support/inbox/inbox.js';
import { testDatabases } from '../support/postgres/database.js';
import { interrupted, interruptible } from './support/interruption.js';
import { SharedLog } from './support/shared-log.js';
import type { Round } from './support/shared-log.js';

interruptible();
const create = testDatabases();

const happenings: Record<string, (log: SharedLog, round: Round) => Promise<void>> = {
  'appends to the context itself': (log, { match }) => log.own(match),
  'appends another fact itself': (log, { other }) => log.own(other),
  'sees others append to the context': (log, { match }) => log.others(match),
  'appends after others': async (log, { match, other }) => {
    await log.others(match);
    await log.own(other);
  },
  'appends before others': async (log, { match, other }) => {
    await log.own(match);
    await log.others(other, match);
    await log.own(other);
  },
};

const rounds: Record<string, (n: number) => Round> = {
  'one term': (n) => ({
    query: { filters: [{ event_types: ['a'], payload_predicates: [{ n }] }] },
    match: { event_type: 'a', payload: { n } },
    other: { event_type: 'b', payload: { n } },
  }),
  'any type, after a cursor': (n) => ({
    query: { filters: [{ payload_predicates: [{ n, of: [1] }] }], min_sequence_number: BigInt(n) },
    match: { event_type: `type ${n % 3}`, payload: { n, of: [2, 1] } },
    other: { event_type: `type ${n % 3}`, payload: { n, of: [2] } },
  }),
  'a type and a term': (n) => ({
    query: {
      filters: [
        { event_types: [`type ${n}`] },
        { event_types: ['a'], payload_predicates: [{ n, of: [1] }] },
      ],
    },
    match: { event_type: `type ${n}`, payload: {} },
    other: { event_type: 'a', payload: { n } },
  }),
  'a type alone': (n) => ({
    query: { filters: [{ event_types: [`type ${n}`] }] },
    match: { event_type: `type ${n}`, payload: {} },
    other: { event_type: `type 0`, payload: {} },
  }),
};

describe('A Postgres store', () => {
  it.each(Object.entries(rounds))(
    'answers as of one moment, and decides by all, whatever is appended while it looks up %s',
    async (_, roundOf) => {
      const database = await create();
      const log = new SharedLog(database.store(), database.store());
      await log.own(roundOf(0).other);
      let n = 1;
      for (const happen of Object.values(happenings)) {
        for (let moment = 0; ; moment++) {
          const round = roundOf(n++);
          await log.own(round.match, round.other);
          const before = log.model.head;
          const answer = await interrupted(
            () => log.store.query(round.query),
            moment,
            () => happen(log, round),
          );
          if (answer === undefined) {
            expect(moment).toBeGreaterThan(1);
            break;
          }
          log.expectOfOneMoment(round.query, before, answer);
          await log.expectDecides(round, answer.current_context_version ?? null);
          await log.expectKnown();
        }
      }
    },
  );
});

describe('A Postgres store whose own append is answered late', () => {
  it.each(Object.entries(rounds))(
    'answers as of one moment, and decides by all: %s',
    async (_, roundOf) => {
      const database = await create();
      const log = new SharedLog(database.store(), database.store());
      await log.own(roundOf(0).other);
      for (let moment = 0; ; moment++) {
        const round = roundOf(moment + 1);
        await log.own(round.match, round.other);
        const before = log.model.head;
        const asked = new Gate();
        let query: Promise<QueryResult | undefined> = Promise.resolve(undefined);
        // It has committed; while its answer is under way a query begins, and gets as far as its moment.
        const append = interrupted(
          () => log.own(round.match, round.other, round.other, round.match, round.other),
          1,
          () => {
            query = interrupted(
              () => log.store.query(round.query),
              moment,
              () => {
                asked.open();
                return append;
              },
            );
            return Promise.race([asked.passed, query]);
          },
        );
        await append;
        const answer = await query;
        if (answer === undefined) {
          expect(moment).toBeGreaterThan(1);
          return;
        }
        log.expectOfOneMoment(round.query, before, answer);
        await log.expectDecides(round, answer.current_context_version ?? null);
        await log.expectKnown();
      }
    },
  );
});
