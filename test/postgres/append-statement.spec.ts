import { describe, expect, it } from '@jest/globals';
import { prepareAppendId } from '../../lib/contract/append-id.js';
import { prepareMetadata } from '../../lib/contract/append-metadata.js';
import type { EventQuery, FactMetadata, NewEvent } from '../../lib/contract/contract.types.js';
import { AppendIdReusedError } from '../../lib/contract/errors.js';
import { DEFAULT_LIMITS } from '../../lib/contract/limits.js';
import { prepareFacts, prepareQuery } from '../../lib/contract/validation.js';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import type { ContextAppend } from '../../lib/context-index/terms/context-plan.js';
import { appendFunctions } from '../../lib/stores/postgres/schema/append-function.js';
import {
  groupResult,
  groupStatement,
  ownStatement,
} from '../../lib/stores/postgres/append/append-statement.js';
import type { GroupMember } from '../../lib/stores/postgres/append/append-statement.js';
import { containing, fact, facts, ofTypes } from '../support/facts/facts.js';

const functions = appendFunctions('s');
const settings = {
  schema: '"s"',
  functions,
  log: '4711',
  sparse: true,
  lockTimeout: 700,
  retention: 9_000,
};

function pending(
  events: NewEvent[],
  {
    context,
    expected = null,
    id,
    ...options
  }: {
    context?: EventQuery;
    expected?: bigint | null;
    id?: string;
    command?: unknown;
    permanent?: true;
    metadata?: FactMetadata;
  } = {},
): ContextAppend {
  const prepared = prepareFacts(events, DEFAULT_LIMITS);
  return {
    facts: prepared,
    condition:
      context === undefined
        ? null
        : { query: new ContextQuery(prepareQuery(context, DEFAULT_LIMITS)), expected },
    appendId: prepareAppendId(id, prepared, DEFAULT_LIMITS, options),
    metadata: prepareMetadata(options.metadata),
  };
}

function members(...all: ContextAppend[]): GroupMember[] {
  return all.map((one) => ({ pending: one, known: null }));
}

describe('The statement of a group', () => {
  it('says for each member what is asked, and for each fact whose it is', () => {
    const id = pending(facts(1), { id: 'the "id"', command: 7, permanent: true });
    const group: GroupMember[] = [
      { pending: pending([fact('a', 'ä"{'), fact('b\\', [1])]), known: null },
      {
        pending: pending([fact('c')], { context: ofTypes('a', 'z'), expected: 7n }),
        known: { head: 40, version: 7 },
      },
      { pending: id, known: null },
      {
        pending: pending([fact('a')], { context: containing({ n: 0 }, 5) }),
        known: { head: 41, version: 0 },
      },
    ];
    const { name, text, values } = groupStatement(
      group,
      { number: 41, at: '9.5' },
      1_000,
      settings,
    );
    expect(name).toBe('append-group');
    expect(text).toContain(`FROM "s".${functions.group.name}($1, `);
    expect(text).toContain('$28)');
    expect(values).toEqual([
      String.raw`{"a","b\\","c","noted","a"}`,
      String.raw`{"\"ä\\\"{\"","[1]","{}","{\"n\":0}","{}"}`,
      '{1,1,2,3,4}',
      '{0,1,0,0,0}',
      '{2,1,1,1}',
      ['', '', 'the "id"', ''],
      `{"","",${id.appendId!.facts_hash},""}`,
      `{"","",${id.appendId!.command_hash},""}`,
      '{false,false,true,false}',
      '{false,true,false,true}',
      '{-1,7,-1,-1}',
      '{0,40,0,41}',
      '{0,7,0,0}',
      // The first fact of the first member; the one of the third.
      ['', '{1,0}', '', '{3,0}'],
      '{0,1,0,1}',
      ['{"a","z"}', ''],
      ['', String.raw`{"{\"n\":0}"}`],
      ['', '{"5"}'],
      null,
      null,
      null,
      '4711',
      41,
      '9.5',
      1_000,
      true,
      '9000',
      '700',
    ]);
  });

  it('has no earlier members, nor places, where it has one member', () => {
    const { values } = groupStatement(
      members(pending(facts(2), { context: {}, expected: 3n })),
      null,
      null,
      { ...settings, sparse: false },
    );
    expect(values!.slice(2, 5)).toEqual([null, null, '{2}']);
    expect(values!.slice(9, 18)).toEqual([
      '{true}',
      '{3}',
      '{0}',
      '{0}',
      '{""}',
      '{1}',
      [''],
      [''],
      [''],
    ]);
    expect(values!.slice(18, 26)).toEqual([null, null, null, '4711', null, null, null, false]);
  });

  it('names earlier facts where all decide', () => {
    const deciding = pending([fact('a')], { context: ofTypes('a') });
    const { values } = groupStatement(members(deciding, deciding), null, null, settings);
    expect(values![13]).toEqual(['', '{1,0}']);
  });

  it('names no earlier facts where nobody decides', () => {
    const { values } = groupStatement(
      members(pending(facts(1)), pending(facts(1))),
      null,
      null,
      settings,
    );
    expect(values![13]).toEqual(['', '']);
    expect(values!.slice(15, 18)).toEqual([[], [], []]);
  });

  it('says what is kept besides the facts, where a member has any', () => {
    const { values } = groupStatement(
      members(
        pending(facts(1)),
        pending(facts(1), {
          metadata: { correlation_id: 'a "b"\n', causation_id: '7', user: 'ä' },
        }),
      ),
      null,
      null,
      settings,
    );
    expect(values!.slice(18, 21)).toEqual([
      String.raw`{"","{\"correlation_id\":\"a \\\"b\\\"\\n\",\"causation_id\":\"7\",\"user\":\"ä\"}"}`,
      '{0,7}',
      '{"","a \\"b\\"\n"}',
    ]);
  });

  it('is one of its own for one plain append, and for that only', () => {
    const plain = pending([fact('a', 'ä')]);
    const own = ownStatement(members(plain), null, null, settings);
    expect(own).toEqual({
      name: 'append',
      text: `SELECT "s".${functions.one.name}($1, $2, $3, $4, $5)`,
      values: ['{"a"}', String.raw`{"\"ä\""}`, '4711', true, '700'],
    });
    for (const others of [
      members(plain, plain),
      members(pending(facts(1), { context: {} })),
      members(pending(facts(1), { id: 'x' })),
      members(pending(facts(1), { metadata: { user: 1 } })),
    ]) {
      expect(ownStatement(others, null, null, settings)).toEqual(
        groupStatement(others, null, null, settings),
      );
    }
  });
});

describe('The answer to a group', () => {
  const plain = pending(facts(3));
  const deciding = pending(facts(1), { context: {}, expected: 5n });
  const first = pending(facts(1), { context: {} });
  const withId = pending(facts(2), { id: 'x' });
  const there = (from: bigint, count: bigint) => ({
    verdict: {
      append_result: {
        first_sequence_number: from,
        last_sequence_number: from + count - 1n,
        committed_count: count,
      },
      conflict: null,
    },
  });

  it('tells each member its numbers, or by what it is too late', () => {
    const group = [plain, deciding, first, deciding];
    const result = groupResult(group, [
      '10',
      '1.5',
      '2.5',
      '{11,NULL,14,NULL}',
      '{NULL,9,NULL,NULL}',
      null,
    ]);
    expect(result).toEqual({
      head: 10n,
      headAt: '1.5',
      at: '2.5',
      outcomes: [
        there(11n, 3n),
        {
          verdict: {
            append_result: null,
            conflict: { expected_context_version: 5n, actual_context_version: 9n },
          },
        },
        there(14n, 1n),
        {
          verdict: {
            append_result: null,
            conflict: { expected_context_version: 5n, actual_context_version: null },
          },
        },
      ],
      appended: [plain, first],
    });
    const late = groupResult([first], ['10', '1.5', null, '{NULL}', '{8}', null]);
    expect(late).toMatchObject({
      at: '',
      outcomes: [
        { verdict: { conflict: { expected_context_version: null, actual_context_version: 8n } } },
      ],
      appended: [],
    });
  });

  it('tells a member whose id was there the numbers of then, or that its facts are others', () => {
    const { facts_hash } = withId.appendId!;
    const recorded = `{NULL,"4 5 ${facts_hash}","4 5 ${'0'.repeat(64)}"}`;
    const result = groupResult(
      [plain, withId, withId],
      ['10', '1.5', '2.5', '{11,NULL,NULL}', '{NULL,NULL,NULL}', recorded],
    );
    expect(result!.outcomes.slice(0, 2)).toEqual([there(11n, 3n), there(4n, 2n)]);
    expect(result!.outcomes[2]).toEqual({ refusal: expect.any(AppendIdReusedError) });
    expect(result!.appended).toEqual([plain]);
  });

  it('tells a member by its command where it has one, and the append under its id had', () => {
    const asked = pending(facts(2), { id: 'x', command: 1 });
    const { facts_hash, command_hash } = asked.appendId!;
    const other = '0'.repeat(64);
    const recorded = [`${other} ${command_hash}`, `${facts_hash} ${other}`, facts_hash, other];
    const result = groupResult(
      recorded.map(() => asked),
      [
        '10',
        '1.5',
        '2.5',
        '{NULL,NULL,NULL,NULL}',
        '{NULL,NULL,NULL,NULL}',
        `{${recorded.map((hashes) => `"4 5 ${hashes}"`).join(',')}}`,
      ],
    );
    const refusal = { refusal: expect.any(AppendIdReusedError) };
    expect(result!.outcomes).toEqual([there(4n, 2n), refusal, there(4n, 2n), refusal]);
  });

  it('that the group was stale is no result', () => {
    expect(groupResult([plain], ['10', '1.5', null, null, null, null])).toBeUndefined();
  });

  it('is a text where it was one plain append', () => {
    expect(groupResult([plain], ['10 1.5 2.5'])).toEqual({
      head: 10n,
      headAt: '1.5',
      at: '2.5',
      outcomes: [there(11n, 3n)],
      appended: [plain],
    });
    expect(groupResult([plain], ['0 - 2.5'])).toMatchObject({ head: 0n, headAt: '' });
    expect(groupResult([plain], ['0', null, '2.5', '{1}', '{NULL}', null])!.headAt).toBe('');
  });

  it('of no members is none', () => {
    expect(groupResult([], ['0', null, null, '{}', '{}', null])).toMatchObject({
      outcomes: [],
      appended: [],
    });
  });
});
