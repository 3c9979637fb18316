import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type {
  EventFilter,
  EventQuery,
  NewEvent,
  QueryResult,
} from '../../lib/contract/contract.types.js';
import type { JsonValue } from '../../lib/contract/json-value.js';
import type { FactstrStore } from '../../lib/service/factstr-store.js';
import { fact } from '../support/facts/facts.js';
import { jsonValue } from '../support/facts/json.js';
import { describeSharedLogs } from './support/describe.js';
import type { FactstrEngine } from '../support/engine/engine.js';
import type { SharedLog } from './support/logs.js';
import { sharedLogs } from './support/logs.js';
import { withExactNumbers } from './support/numbers.js';
import { nanoseconds } from './support/times.js';

const TYPES = ['a', 'b', 'größe', '"'];
const payload = jsonValue.map(withExactNumbers);
const event: fc.Arbitrary<NewEvent> = fc.record({
  event_type: fc.constantFrom(...TYPES),
  payload,
});
const FACTS = 400;

describeSharedLogs('Both engines', (kind) => {
  let log: SharedLog;
  let store: FactstrStore;
  let engine: FactstrEngine;
  let written: NewEvent[];

  beforeAll(async () => {
    log = await kind.create();
    store = log.store();
    engine = await log.engine();
    written = fc.sample(event, FACTS);
    for (let first = 0; first < FACTS; first += 8) {
      const writer = (first / 8) % 2 === 0 ? store : engine;
      await writer.append(written.slice(first, first + 8));
    }
  });
  afterAll(() => log.dispose());

  const anyQuery = (): fc.Arbitrary<EventQuery> => queries(written, kind.kind);

  it('store the same facts', async () => {
    const { event_records } = await store.query({});
    expect(event_records.map(({ event_type, payload }) => ({ event_type, payload }))).toEqual(
      written,
    );
    expect(normal(await engine.query({}))).toEqual(normal(await store.query({})));
  });

  it('answer any query equally', async () => {
    let matched = 0;
    await fc.assert(
      fc.asyncProperty(anyQuery(), async (query) => {
        const [ours, theirs] = [await store.query(query), await engine.query(query)];
        expect(normal(ours)).toEqual(normal(theirs));
        if (ours.event_records.length > 0 && ours.event_records.length < FACTS) matched++;
      }),
      { numRuns: 300 },
    );
    // Otherwise the queries asked nothing.
    expect(matched).toBeGreaterThan(50);
  });

  it('see the same conflicts, and decide equally without one', async () => {
    await fc.assert(
      fc.asyncProperty(anyQuery(), fc.boolean(), async (query, oursFirst) => {
        const { current_context_version: version } = await store.query(query);
        const wrong = version == null ? 1n : version - 1n;
        const refused = await store.appendIf([fact('a')], query, wrong);
        expect(refused.conflict).toMatchObject({ actual_context_version: version });
        expect(await engine.appendIf([fact('a')], query, wrong)).toEqual(refused);
        const decided = await (oursFirst ? store : engine).appendIf([fact('new')], query, version);
        expect(decided.conflict).toBeNull();
      }),
      { numRuns: 60 },
    );
  });
});

describeSharedLogs('Both engines, where they differ', (kind) => {
  const createLog = sharedLogs(kind);

  it('ours never finds a scalar in an array; FACTSTR does on Postgres alone', async () => {
    const log = await createLog();
    const [store, engine] = [log.store(), await log.engine()];
    await engine.append([fact('a', ['x', 1])]);
    const query = { filters: [{ payload_predicates: ['x'] }] };
    expect((await store.query(query)).event_records).toEqual([]);
    expect((await engine.query(query)).event_records).toHaveLength(kind.kind === 'SQLite' ? 0 : 1);
  });
});

/** Queries that find something: predicates are mostly parts of what was written. */
function queries(written: readonly NewEvent[], kind: string): fc.Arbitrary<EventQuery> {
  const part = fc
    .tuple(fc.constantFrom(...written), fc.infiniteStream(fc.nat(7)))
    .map(([{ payload }, choices]) => partOf(payload as JsonValue, choices));
  const predicate = fc.oneof({ weight: 4, arbitrary: part }, { weight: 1, arbitrary: payload });
  const filter: fc.Arbitrary<EventFilter> = fc.record(
    {
      event_types: fc.option(fc.subarray([...TYPES, 'absent'])),
      payload_predicates: fc.option(fc.array(predicate.map(accepted), { maxLength: 3 })),
    },
    { requiredKeys: [] },
  );
  return fc.record(
    {
      filters: fc.option(fc.array(filter, { maxLength: 3 })),
      min_sequence_number: fc.option(fc.bigInt(0n, BigInt(written.length + 2))),
    },
    { requiredKeys: [] },
  );

  /** Where both agree: on Postgres FACTSTR finds a scalar also as an array's element. */
  function accepted(predicate: JsonValue): JsonValue {
    const scalar = predicate === null || typeof predicate !== 'object';
    return kind === 'Postgres' && scalar ? { a: predicate } : predicate;
  }
}

/** Some of a value's members or elements, and some of theirs. */
function partOf(value: JsonValue, choices: Iterator<number>): JsonValue {
  const choose = (): number => choices.next().value as number;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    return value.filter(() => choose() > 2).map((element) => partOf(element, choices));
  }
  const members = Object.entries(value)
    .filter(() => choose() > 2)
    .map(([key, member]) => [key, partOf(member, choices)] as const);
  return Object.fromEntries(members);
}

/** FACTSTR writes 870 ms as .87. */
function normal({ event_records, ...rest }: QueryResult): unknown {
  const records = event_records.map((record) => ({
    ...record,
    occurred_at: nanoseconds(record.occurred_at),
  }));
  return { ...rest, records };
}
