import { describe, expect, it } from '@jest/globals';
import type { AppendResult } from '../../lib/contract/contract.types.js';
import { DatabaseUnavailableError, IndeterminateAppendError } from '../../lib/contract/errors.js';
import type { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { containing, fact, upTo } from '../support/facts/facts.js';
import { mayCount } from '../support/postgres/wire.js';
import type { Cut } from '../support/postgres/wire.js';
import { atEachCut, testWires } from '../support/postgres/wired.js';
import type { Wired } from '../support/postgres/wired.js';

const create = testWires();

/** An append whose facts bear its mark. */
interface Call {
  readonly mark: string;
  readonly size: number;
  readonly hasId: boolean;
  readonly place: (store: FactstrPostgresStore) => Promise<AppendResult>;
}

function plain(mark: string, size: number): Call {
  return { mark, size, hasId: false, place: (store) => store.append(marked(mark, size)) };
}

/** The same whenever it is made. */
function withId(mark: string, size: number): Call {
  const options = { appendId: `id ${mark}` };
  return { mark, size, hasId: true, place: (store) => store.append(marked(mark, size), options) };
}

/** The first one of its context. */
function decided(mark: string, size: number): Call {
  return {
    mark,
    size,
    hasId: false,
    place: async (store) => {
      const context = containing({ mark });
      return (await store.appendIf(marked(mark, size), context, null)).append_result!;
    },
  };
}

function marked(mark: string, size: number): ReturnType<typeof fact>[] {
  return upTo(size).map((n) => fact('noted', { mark, n }));
}

/** Made at once, hence one group. */
const OPERATIONS: [string, (mark: string) => Call[]][] = [
  ['An append', (mark) => [plain(mark, 1)]],
  ['An append of some facts', (mark) => [plain(mark, 3)]],
  ['A decision', (mark) => [decided(mark, 2)]],
  ['An append with an id', (mark) => [withId(mark, 2)]],
  [
    'A group',
    (mark) => [
      plain(`${mark} a`, 1),
      decided(`${mark} b`, 2),
      withId(`${mark} c`, 3),
      decided(`${mark} d`, 1),
      withId(`${mark} e`, 1),
    ],
  ],
];

/** What a store says, and what is there, of an append whose connection was cut. */
interface Consequence {
  readonly error: new (message: string) => Error;
  readonly isThere: boolean;
}

const IN_DOUBT = IndeterminateAppendError;
const REFUSED = DatabaseUnavailableError;

/** One statement does all: what it did is known by its answer only. */
const AT_ONCE = [(cut: Cut): Consequence => ({ error: IN_DOUBT, isThere: mayCount(cut) })];
/** BEGIN and the call do nothing for good, COMMIT does as soon as all of it is there. */
const IN_A_TRANSACTION = [
  (): Consequence => ({ error: REFUSED, isThere: false }),
  (): Consequence => ({ error: REFUSED, isThere: false }),
  (cut: Cut): Consequence => ({ error: IN_DOUBT, isThere: cut === 'executed' || mayCount(cut) }),
];

async function numbersOf({ rows }: Wired, mark: string): Promise<number[]> {
  const found = await rows<{ n: string }>(
    `SELECT sequence_number AS n FROM events WHERE payload ->> 'mark' = $1 ORDER BY payload -> 'n'`,
    [mark],
  );
  return found.map(({ n }) => Number(n));
}

function said({ first_sequence_number, committed_count }: AppendResult): number[] {
  return upTo(Number(committed_count)).map((n) => Number(first_sequence_number) + n - 1);
}

describe.each([
  ['a server', false, AT_ONCE],
  ['a pooler that shares its sessions', true, IN_A_TRANSACTION],
] as const)('On %s', (_where, dropsOptions, consequences) => {
  it.each(OPERATIONS)(
    '%s is there once or not at all wherever its connection is cut, and told to be in doubt where it may be there',
    async (_name, callsOf) => {
      const wired = await create({ dropsOptions });
      const { wire, rows } = wired;
      const store = wired.store();
      await store.append([fact('first')]);
      await decided('looked up', 1).place(store);
      let last = 2;
      const batches: string[] = [];
      const steps = await atEachCut(wire, isOwn, async (step, cut) => {
        const calls = callsOf(`${step} ${cut}`);
        // So that no context has to be looked up, and all are one group.
        await store.contextIndex();
        const outcomes = await Promise.allSettled(calls.map(({ place }) => place(store)));
        wire.pass();
        const consequence = consequences[step]?.(cut);
        for (const [index, call] of calls.entries()) {
          const outcome = outcomes[index]!;
          const found = await numbersOf(wired, call.mark);
          if (consequence === undefined) {
            expect(outcome).toMatchObject({ status: 'fulfilled' });
            expect(found).toEqual(said((outcome as PromiseFulfilledResult<AppendResult>).value));
          } else {
            expect([call.mark, outcome]).toMatchObject([
              call.mark,
              { status: 'rejected', reason: expect.any(consequence.error) },
            ]);
            expect([call.mark, found.length]).toEqual([
              call.mark,
              consequence.isThere ? call.size : 0,
            ]);
          }
          if (found.length > 0) {
            expect(found).toEqual(upTo(call.size).map((n) => last + n));
            if (call.size > 1) batches.push(`${found[0]} ${found.at(-1)}`);
          }
          last += found.length;
        }
        for (const call of calls.filter(({ hasId }) => hasId)) {
          const before = await numbersOf(wired, call.mark);
          const again = said(await call.place(store));
          expect(await numbersOf(wired, call.mark)).toEqual(again);
          if (before.length > 0) expect(again).toEqual(before);
          else last += call.size;
          if (before.length === 0 && call.size > 1) batches.push(`${again[0]} ${again.at(-1)}`);
        }
        // The next one goes on where the log ends.
        const next = await store.append([fact('next')]);
        expect(next.first_sequence_number).toBe(BigInt(++last));
      });
      expect(steps).toBe(consequences.length);
      const stored = await rows<{ batch: string }>(
        `SELECT concat_ws(' ', first_sequence_number, last_sequence_number) AS batch FROM append_batches
         ORDER BY first_sequence_number`,
      );
      expect(stored.map(({ batch }) => batch)).toEqual(batches);
    },
  );
});

/** Not what goes on beside an append: notifications, and what memory lacks of the log. */
function isOwn(text: string): boolean {
  return !/pg_notify|WITH state AS/.test(text);
}
