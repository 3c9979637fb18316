import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { DatabaseBusyError } from '../../lib/contract/errors.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareFacts, prepareQuery } from '../../lib/contract/validation.js';
import type { AppendOutcome } from '../../lib/contract/append-request.js';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import type { ContextAppend } from '../../lib/context-index/terms/context-plan.js';
import { PostgresAppender } from '../../lib/stores/postgres/append/appender.js';
import type { CommittedRange } from '../../lib/stores/postgres/log/log.js';
import { emptiedDatabase, insertFacts, regrow } from '../support/index/postgres-log.js';
import { KnowingProcess } from '../support/index/watched-connection.js';
import { fact, facts, ofTypes } from '../support/facts/facts.js';
import { Gate } from '../support/inbox/inbox.js';
import type { StoreDatabase } from '../support/postgres/database.js';

/** More facts than are read at once: they are looked up in the database. */
const HOLE = 4_097;
const LOOKING_UP = 'The look-up';

/** What an append was sent with. */
interface Sent {
  readonly since: unknown;
  readonly newest: unknown;
  readonly known: unknown;
  readonly gap: unknown;
}

function pending(
  events: NewEvent[],
  context?: EventQuery,
  expected: bigint | null = null,
): ContextAppend {
  const condition =
    context === undefined
      ? null
      : { query: new ContextQuery(prepareQuery(context, DEFAULT_LIMITS)), expected };
  return { facts: prepareFacts(events, DEFAULT_LIMITS), condition, appendId: null, metadata: null };
}

const firstsOf = (outcomes: readonly AppendOutcome[]): (bigint | undefined)[] =>
  outcomes.map((outcome) =>
    'verdict' in outcome ? outcome.verdict.append_result?.first_sequence_number : undefined,
  );

describe('What a Postgres store commits', () => {
  let database: StoreDatabase;
  let process: KnowingProcess;
  let appender: PostgresAppender;
  let committed: CommittedRange[];
  let sent: Sent[];
  /** What happens before the n-th append is sent, and after the n-th look-up. */
  let beforeAppend: (n: number) => unknown;
  let afterLookUp: (n: number, types: unknown) => unknown;

  emptiedDatabase((made) => {
    database = made;
  });
  beforeEach(async () => {
    committed = [];
    sent = [];
    beforeAppend = afterLookUp = () => undefined;
    process = new KnowingProcess(database.url);
    const { connection, log, index } = process;
    appender = new PostgresAppender(connection, log, index, 9_000, (range) => {
      committed.push(range);
    });
    connection.before = async (what, { values = [] }) => {
      if (what !== 'Appending') return;
      await beforeAppend(sent.length + 1);
      const [since, newest] = values.slice(11, 13);
      // From the end: what is kept besides the facts has its places between.
      const [known, , gap] = values.slice(-6, -3);
      sent.push({ since, newest, known, gap });
    };
    connection.after = (what, { values = [] }) =>
      what === LOOKING_UP ? afterLookUp(connection.count(what), values[0]) : undefined;
    await connection.ready();
  });
  afterEach(async () => {
    await process.end();
  });

  it('is told by its numbers and its appends, where there are any', async () => {
    const taken = pending(facts(1), ofTypes('taken'), 9n);
    await appender.commit([pending(facts(2)), taken, pending(facts(1))]);
    await appender.commit([taken]);
    await appender.commit([pending(facts(1))]);
    expect(committed).toEqual([
      { first: 1n, last: 3n, at: expect.any(String), appends: 2 },
      { first: 4n, last: 4n, at: expect.any(String), appends: 1 },
    ]);
  });

  it('goes with what is known of its contexts, as of now', async () => {
    const seat = (n: number): NewEvent => fact('seat', { n });
    const context = { filters: [{ event_types: ['seat'], payload_predicates: [{ n: 1 }] }] };
    await insertFacts(database, [seat(0), seat(1), seat(2)]);
    await process.log.refresh();
    const [first, second] = [pending([seat(1)], context, 2n), pending(facts(1), context, 4n)];
    expect([appender.prepare(first), appender.prepare(second)]).toEqual([undefined, undefined]);
    expect(firstsOf(await appender.commit([first]))).toEqual([4n]);
    // The one before is known by then.
    expect(firstsOf(await appender.commit([second, pending(facts(1))]))).toEqual([5n, 6n]);
    await appender.commit([pending(facts(1)), pending(facts(1))]);
    expect(sent).toEqual([
      { since: '{3}', newest: '{2}', known: 3, gap: 1_000 },
      { since: '{4,0}', newest: '{4,0}', known: 4, gap: 1_000 },
      { since: '{0,0}', newest: '{0,0}', known: null, gap: 1_000 },
    ]);
    expect(process.connection.count(LOOKING_UP)).toBe(0);
  });

  it('is looked at by the server alone where the log is another one each time', async () => {
    await insertFacts(database, facts(2));
    await process.log.refresh();
    beforeAppend = (n) => (n < 10 ? regrow(database, 0, facts(2 + n)) : undefined);
    const outcomes = await appender.commit([pending(facts(1), ofTypes('noted'), 9n)]);
    expect(firstsOf(outcomes)).toEqual([10n]);
    expect(sent.map(({ known, gap }) => [known, gap])).toEqual([
      [2, 1_000],
      [3, 1_000],
      [4, 1_000],
      [5, null],
      [6, null],
      [7, null],
      [null, null],
    ]);
  });

  it('is not held up by a log that grows faster than contexts are looked up', async () => {
    await insertFacts(database, [fact('a'), ...facts(HOLE)]);
    await process.log.refresh();
    afterLookUp = async (n) => {
      if (n > 4) return;
      await insertFacts(database, facts(HOLE));
      await process.log.refresh();
    };
    const outcomes = await appender.commit([pending([fact('a')], ofTypes('never'))]);
    const grown = 1 + 3 * HOLE;
    expect(firstsOf(outcomes)).toEqual([BigInt(grown) + 1n]);
    expect(sent).toEqual([{ since: `{${1 + 2 * HOLE}}`, newest: '{0}', known: grown, gap: 1_000 }]);
    expect(process.connection.count(LOOKING_UP)).toBe(2);
  });

  it('is left to the server where its context cannot be looked up for now, and not tried again', async () => {
    await insertFacts(database, [fact('a'), ...facts(HOLE)]);
    await process.log.refresh();
    afterLookUp = () => {
      throw new DatabaseBusyError('The index is held.');
    };
    const decided = pending(facts(1), ofTypes('a'), 1n);
    await appender.prepare(decided);
    expect(firstsOf(await appender.commit([decided]))).toEqual([BigInt(HOLE) + 2n]);
    expect(sent).toEqual([{ since: '{0}', newest: '{0}', known: null, gap: 1_000 }]);
    expect(process.connection.count(LOOKING_UP)).toBe(1);
  });

  it('does not go by what was known of another log', async () => {
    const restore = async (...more: NewEvent[]): Promise<void> => {
      await regrow(database, 0, [fact('a'), ...more, ...facts(HOLE)]);
      await process.log.refresh();
    };
    await restore();
    // While one is looked up, the log is replaced, of which the other is known then: twice, in turns.
    const counts = { a: 0, b: 0 };
    const first = new Gate();
    afterLookUp = async (_, types) => {
      const type = types === '{"a"}' ? 'a' : 'b';
      const count = ++counts[type];
      if (type === 'a' && count === 1) first.open();
      if (type === 'b' && count === 1) {
        await first.passed;
        await restore(fact('b'));
      }
      if (type === 'a' && count === 2) await restore();
    };
    const outcomes = await appender.commit([
      pending(facts(1), ofTypes('a'), 1n),
      pending(facts(1), ofTypes('b')),
    ]);
    expect(firstsOf(outcomes)).toEqual([BigInt(HOLE) + 2n, BigInt(HOLE) + 3n]);
    expect(sent).toEqual([
      { since: `{${HOLE + 1},0}`, newest: '{1,0}', known: HOLE + 1, gap: 1_000 },
    ]);
    expect(counts).toEqual({ a: 3, b: 2 });
  });
});
