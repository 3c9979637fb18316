import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseUnavailableError, StorageError } from '../../lib/contract/errors.js';
import { HandlerFailure } from '../../lib/projections/delivery/call-handler.js';
import { atEachCut } from '../support/postgres/wired.js';
import { applyAll, upTo } from '../support/fixtures/read-models.js';
import { testReadModels } from './support/read-models.js';
import type { Claimed } from './support/read-models.js';
import type { EntityManager } from 'typeorm';

/** START TRANSACTION, its isolation, the idle timeout, the fence, the row, the cursor, COMMIT. */
const STEPS = 7;

const create = testReadModels();

function fact(number: number) {
  return {
    sequence_number: BigInt(number),
    occurred_at: '2026-01-01T00:00:00Z',
    event_type: 'counted',
    payload: {},
  };
}

/** One call of a projection's handler, for one fact. */
async function handle({ effects, epoch }: Claimed, number: number): Promise<boolean> {
  const fingerprint = { sequence_number: BigInt(number), hash: `of ${number}` };
  return effects.commit('book', epoch, fingerprint, (manager) =>
    applyAll([fact(number)], manager as EntityManager),
  );
}

/** What is thrown, if anything. */
function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('What a handler wrote in Postgres', () => {
  it('is there once when its call is made again, wherever the connection was cut', async () => {
    const model = await create.postgres();
    await handle(model, 1);
    let last = 1;
    const steps = await atEachCut(
      model.wire,
      () => true,
      async (step, cut) => {
        last++;
        const error = await errorOf(handle(model, last));
        model.wire.pass();
        const { rows, position } = await model.state();
        const isThere =
          error === undefined || (step === STEPS - 1 && cut !== 'before' && cut !== 'within');
        expect([step, cut, rows]).toEqual([step, cut, upTo(isThere ? last : last - 1)]);
        expect(position).toBe(BigInt(rows.length));
        if (error !== undefined) expect(error).toBeInstanceOf(DatabaseUnavailableError);
        // As the projection's runner does.
        expect(await handle(model, last)).toBe(true);
        expect(await model.state()).toEqual({ rows: upTo(last), position: BigInt(last) });
      },
    );
    expect(steps).toBe(STEPS);
  });
});

describe('What a handler wrote in SQLite', () => {
  it.each(['before', 'after'] as const)(
    'is there once when its call is made again, wherever a statement failed %s it was done',
    async (when) => {
      const model = await create.sqlite();
      await handle(model, 1);
      const outcomes: number[][] = [];
      for (let last = 2; ; last++) {
        let count = 0;
        model.statements.fail = () => (count++ === last - 2 ? when : undefined);
        const error = await errorOf(handle(model, last));
        model.statements.fail = () => undefined;
        const { rows, position } = await model.state();
        if (error === undefined) break;
        expect(error).toBeInstanceOf(StorageError);
        expect(position).toBe(BigInt(rows.length));
        outcomes.push(rows);
        expect(await handle(model, last)).toBe(true);
        expect(await model.state()).toEqual({ rows: upTo(last), position: BigInt(last) });
      }
      // Only COMMIT leaves what failed after it.
      expect(outcomes.map((rows) => rows.length)).toEqual(
        upTo(outcomes.length).map((step) =>
          when === 'after' && step === outcomes.length ? step + 1 : step,
        ),
      );
      expect(outcomes).toHaveLength(7);
    },
  );
});

describe('A COMMIT in Postgres whose answer does not come', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('is no failure of the handler, also when that takes longer than a handler may be silent', async () => {
    const idleTimeout = 60_000;
    const model = await create.postgres({ idleTimeout });
    const held = model.wire.holdNext((text) => text === 'COMMIT');
    const error = errorOf(handle(model, 1));
    await held.answered;
    // As much time passes meanwhile.
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + idleTimeout);
    held.release('unanswered');
    expect(await error).not.toBeInstanceOf(HandlerFailure);
    expect(await error).toBeInstanceOf(DatabaseUnavailableError);
    expect(await handle(model, 1)).toBe(true);
    expect((await model.state()).rows).toEqual([1]);
  });
});
