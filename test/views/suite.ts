import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppendIdReusedError, StoreClosedError } from '../../lib/contract/errors.js';
import { WHOLE_CONTEXT, preparePage } from '../../lib/contract/query-page.js';
import type { LogView } from '../../lib/streams/log-view.js';
import { batchesOf, plain } from './support/contents.js';
import { BEGIN, append, group, queryOf } from './support/groups.js';
import { RETENTION, TestViews } from './support/views.js';
import type { Kind } from './support/views.js';

const one = { event_type: 'one', payload: { n: 1 } };
const two = { event_type: 'two', payload: { n: 2, deep: [{ a: null }] } };
const ofOne = { filters: [{ event_types: ['one'], payload_predicates: [{ n: 1 }] }] };
const ofType = { filters: [{ event_types: ['two'] }] };

/** What a view of another log promises, wherever it is kept. */
export function describeView(kind: Kind): void {
  describe(`A view of a log: ${kind}`, () => {
    let views: TestViews;
    let view: LogView;

    beforeEach(() => {
      views = new TestViews();
      view = views.open(kind);
    });

    afterEach(() => views.dispose());

    it('is empty at first', () => {
      expect(view.note()).toBeNull();
      expect(view.head()).toBe(0n);
      expect(view.source.newest()).toBeNull();
      expect(batchesOf(view)).toEqual([]);
      expect(view.version(queryOf({}))).toBeNull();
      expect(view.recorded('id', BEGIN)).toBeUndefined();
    });

    it('keeps facts with their batches, and the times that they were given', () => {
      view.apply([group(0, [append([one, two]), append([two])]), group(5, [append([one])])], 'a');
      const times = ['2026-11-28T10:00:00.000123456Z', '2026-11-28T10:00:00.005123456Z'];
      expect(batchesOf(view)).toEqual([
        {
          first_sequence_number: 1n,
          last_sequence_number: 2n,
          event_records: [
            { sequence_number: 1n, occurred_at: times[0], ...one },
            { sequence_number: 2n, occurred_at: times[0], ...two },
          ],
        },
        {
          first_sequence_number: 3n,
          last_sequence_number: 3n,
          event_records: [{ sequence_number: 3n, occurred_at: times[0], ...two }],
        },
        {
          first_sequence_number: 4n,
          last_sequence_number: 4n,
          event_records: [{ sequence_number: 4n, occurred_at: times[1], ...one }],
        },
      ]);
      expect(view.head()).toBe(4n);
      expect(view.source.head()).toBe(4n);
      expect(view.source.newest()).toMatchObject({ sequence_number: 4n, event_type: 'one' });
      expect(view.source.readPage(2n, 1)).toMatchObject({
        at: { sequence_number: 2n, occurred_at: times[0], event_type: 'two' },
        batches: [{ first_sequence_number: 3n, last_sequence_number: 3n }],
      });
    });

    it('keeps the note of the last call, with or without groups', () => {
      view.apply([group(0, [append([one])])], 'first');
      expect(view.note()).toBe('first');
      view.apply([], 'second');
      expect(view.note()).toBe('second');
      expect(view.head()).toBe(1n);
    });

    it('judges each condition at its place', () => {
      const outcomes = view.apply(
        [
          group(0, [
            append([one], { query: ofOne, expected: null }),
            append([two], { query: ofOne, expected: null }),
            append([two], { query: ofOne, expected: 1n }),
          ]),
          group(1, [append([one], { query: ofType, expected: 2n })]),
        ],
        'a',
      );
      expect(outcomes).toMatchObject([
        [
          { verdict: { append_result: { first_sequence_number: 1n } } },
          {
            verdict: {
              append_result: null,
              conflict: { expected_context_version: null, actual_context_version: 1n },
            },
          },
          { verdict: { append_result: { first_sequence_number: 2n }, conflict: null } },
        ],
        [{ verdict: { append_result: { first_sequence_number: 3n } } }],
      ]);
      expect(view.head()).toBe(3n);
    });

    it('answers an id that it knows with the result of before, and refuses it for other facts', () => {
      const id = { appendId: 'id' };
      view.apply([group(0, [append([one, two], id)])], 'a');
      const [outcomes] = view.apply(
        [group(1, [append([one, two], id), append([two], id), append([one])])],
        'b',
      );
      expect(outcomes![0]).toMatchObject({
        verdict: { append_result: { first_sequence_number: 1n, last_sequence_number: 2n } },
      });
      expect(outcomes![1]).toEqual({ refusal: expect.any(AppendIdReusedError) });
      expect(outcomes![2]).toMatchObject({
        verdict: { append_result: { first_sequence_number: 3n } },
      });
      expect(view.head()).toBe(3n);
    });

    it('knows an id until its time has come, to the millisecond, by the time of the log', () => {
      const id = { appendId: 'id' };
      const first = append([one], id);
      view.apply([group(0, [first])], 'a');
      view.apply([group(RETENTION - 1, [append([one], id)])], 'b');
      expect(view.head()).toBe(1n);
      const recorded = {
        facts_hash: first.appendId!.facts_hash,
        command_hash: null,
        first: 1n,
        last: 1n,
      };
      expect(view.recorded('id', BEGIN + RETENTION - 1)).toEqual(recorded);
      expect(view.recorded('id', BEGIN + RETENTION)).toBeUndefined();
      // Nothing was appended since that might have removed it.
      view.apply([group(RETENTION, [append([two], id)])], 'c');
      expect(view.head()).toBe(2n);
      expect(view.recorded('id', BEGIN + 2 * RETENTION - 1)).toMatchObject({ first: 2n });
      view.apply([group(2 * RETENTION - 1, [append([two], id)])], 'd');
      expect(view.head()).toBe(2n);
    });

    it('knows a permanent id for ever', () => {
      const id = { appendId: 'id', permanent: true as const };
      view.apply([group(0, [append([one], id)])], 'a');
      const later = 100 * RETENTION;
      const others = Array.from({ length: 10 }, (_, n) => append([two], { appendId: `${n}` }));
      view.apply([group(later, others), group(later, [append([one], id)])], 'b');
      expect(view.head()).toBe(11n);
      expect(view.recorded('id', BEGIN + later)).toMatchObject({ first: 1n, last: 1n });
    });

    it('makes a permanent id of one that had expired', () => {
      view.apply([group(0, [append([one], { appendId: 'id' })])], 'a');
      const id = { appendId: 'id', permanent: true as const };
      view.apply([group(RETENTION, [append([two], id)])], 'b');
      expect(view.recorded('id', BEGIN + 100 * RETENTION)).toMatchObject({ first: 2n });
    });

    it('tells an append with a command by its command', () => {
      const id = { appendId: 'id', command: { book: 1 } };
      view.apply([group(0, [append([one], id)])], 'a');
      const [outcomes] = view.apply([group(1, [append([two], id)])], 'b');
      expect(outcomes).toMatchObject([
        { verdict: { append_result: { first_sequence_number: 1n } } },
      ]);
    });

    it('applies a name once, until its time has come', () => {
      const named = (after: number) => group(after, [append([one])], 'name');
      expect(plain(view.apply([named(0), named(0), group(1, [append([two])], 'b')], 'a'))).toEqual([
        [expect.anything()],
        null,
        [expect.anything()],
      ]);
      expect(view.apply([named(RETENTION - 1)], 'b')).toEqual([null]);
      expect(view.note()).toBe('b');
      expect(view.apply([named(RETENTION)], 'c')).toHaveLength(1);
      expect(view.head()).toBe(3n);
      expect(view.apply([named(2 * RETENTION - 1)], 'd')).toEqual([null]);
    });

    it('takes groups without a name as often as they come', () => {
      const group1 = group(0, [append([one])]);
      view.apply([group1, group1], 'a');
      expect(view.head()).toBe(2n);
    });

    it('keeps what is kept of appends besides their facts', () => {
      const metadata = { correlation_id: 'c', causation_id: '1', tool: 'x' };
      view.apply([group(0, [append([one]), append([two, two], { metadata })])], 'a');
      const [none, ofTwo] = view.metadata.of([1n, 3n]) as unknown[];
      expect(none).toBeNull();
      expect(ofTwo).toEqual(metadata);
      expect(view.metadata.causedBy([1n], 10)).toEqual([
        { first_sequence_number: 2n, last_sequence_number: 3n, causation: 1n },
      ]);
    });

    it('reads contexts: whole, in pages, and several of one moment', () => {
      view.apply([group(0, [append([one, two]), append([one])])], 'a');
      expect(view.version(queryOf(ofOne))).toBe(3n);
      expect(view.read(queryOf(ofOne), WHOLE_CONTEXT)).toMatchObject({
        event_records: [{ sequence_number: 1n }, { sequence_number: 3n }],
        last_returned_sequence_number: 3n,
        current_context_version: 3n,
      });
      expect(view.read(queryOf(ofOne), preparePage(1))).toMatchObject({
        event_records: [{ sequence_number: 1n }],
        current_context_version: 3n,
      });
      const nothing = { filters: [{ event_types: ['none'] }] };
      const read = view.contexts([queryOf(ofOne), queryOf(nothing)], WHOLE_CONTEXT);
      expect(read).toMatchObject({
        head: 3n,
        parts: [
          { event_records: [{ sequence_number: 1n }, { sequence_number: 3n }], version: 3n },
          { event_records: [], version: null },
        ],
      });
      expect(view.contexts([], WHOLE_CONTEXT).log).toBe(read.log);
    });

    it('wakes once after each call that appended', () => {
      const woken: (bigint | undefined)[] = [];
      const heads: bigint[] = [];
      const end = view.source.onCommit((first) => {
        woken.push(first);
        heads.push(view.head());
      });
      view.apply([group(0, [append([one])], 'a'), group(0, [append([two])], 'b')], 'a');
      view.apply([group(0, [append([one])], 'a')], 'b');
      view.apply([], 'c');
      view.apply([group(0, [append([two])])], 'd');
      end();
      view.apply([group(0, [append([two])])], 'e');
      expect(woken).toEqual([1n, 3n]);
      expect(heads).toEqual([2n, 3n]);
    });

    it('leaves nothing behind of a call that failed', () => {
      view.apply([group(0, [append([one], { appendId: 'first' })], 'first')], 'a');
      const broken = { ...append([two]), facts: undefined as never };
      const groups = [group(1, [append([one], { appendId: 'id' })], 'name'), group(1, [broken])];
      expect(() => view.apply(groups, 'b')).toThrow();
      if (kind === 'memory') {
        expect(() => view.head()).toThrow(StoreClosedError);
        return;
      }
      expect(view.note()).toBe('a');
      expect(view.head()).toBe(1n);
      expect(view.recorded('id', BEGIN)).toBeUndefined();
      expect(view.version(queryOf(ofOne))).toBe(1n);
      view.apply(groups.slice(0, 1), 'c');
      expect(view.head()).toBe(2n);
      expect(view.version(queryOf(ofOne))).toBe(2n);
    });

    it('fails with StoreClosedError once it is closed, and may be closed again', () => {
      view.apply([group(0, [append([one])])], 'a');
      view.close();
      view.close();
      const calls: (() => unknown)[] = [
        () => view.note(),
        () => view.head(),
        () => view.apply([], 'b'),
        () => view.version(queryOf({})),
        () => view.read(queryOf({}), WHOLE_CONTEXT),
        () => view.contexts([queryOf({})], WHOLE_CONTEXT),
        () => view.recorded('id', BEGIN),
        () => view.indexed(),
        () => view.source.head(),
        () => view.source.newest(),
        () => view.source.readBatches(0n, 1),
        () => view.source.readPage(0n, 1),
        () => view.metadata.of([1n]),
        () => view.metadata.causedBy([1n], 1),
      ];
      for (const call of calls) expect(call).toThrow(StoreClosedError);
    });
  });
}
