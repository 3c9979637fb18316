import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, FactstrProjections } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import type { EntityManager } from 'typeorm';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import {
  EffectRow,
  applyAll,
  numbered,
  readModelOptions,
  startBook,
  upTo,
} from '../support/fixtures/read-models.js';
import type { ReadModelKind } from '../support/fixtures/read-models.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** What the plain handlers were given. */
let plain: number[] = [];
const take = (facts: EventRecord[]): void => {
  plain.push(...facts.map(({ sequence_number }) => Number(sequence_number)));
};

@Injectable()
class Book {
  static failure: Error | undefined;

  @DurableProjection({ name: 'book', query: 'counted', transactional: true })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
  }

  async onReset(manager: EntityManager): Promise<void> {
    await manager.clear(EffectRow);
    if (Book.failure) throw Book.failure;
  }
}

@Injectable()
class PlainBook {
  @DurableProjection({ name: 'book', query: 'counted' })
  apply(facts: EventRecord[]): void {
    take(facts);
  }

  onReset(): void {
    plain = [];
  }
}

@Injectable()
class PlainBookFromThree {
  @DurableProjection({ name: 'book', query: 'counted', startFrom: 3n })
  apply(facts: EventRecord[]): void {
    take(facts);
  }
}

describe.each<ReadModelKind>(['sqlite', 'postgres'])(
  'A projection with its read model in %s',
  (kind) => {
    /** Starts applications on the same databases, one after the other. */
    async function applications() {
      plain = [];
      const facts = await optionsOf('sqlite', fixtures);
      const readModel = await readModelOptions(kind, fixtures);
      return (handler: Type) => startBook(fixtures, { facts, readModel, handlers: [handler] });
    }

    const isRefused = (projections: FactstrProjections): Promise<void> =>
      until(
        async () => {
          const { state, code } = await projections.status('book');
          return state === 'stopped' && code === 'CURSOR_ELSEWHERE';
        },
        () => 'the refusal',
      );

    it('that was transactional is not run plain, until it is rebuilt', async () => {
      const start = await applications();
      const before = await start(Book);
      await before.store.append(numbered(3));
      await before.projections.drained();
      await before.app.close();

      const after = await start(PlainBook);
      await isRefused(after.projections);
      await expect(after.projections.resume('book')).rejects.toThrow(/was transactional before/);
      expect(plain).toEqual([]);
      await after.projections.rebuild('book');
      await after.projections.drained();
      expect(plain).toEqual(upTo(3));
      await after.app.close();

      // It stays so.
      const again = await start(PlainBook);
      await again.store.append(numbered(1));
      await again.projections.drained();
      expect(plain).toEqual(upTo(4));
    });

    it('that was plain before it was transactional does not go on from its old plain cursor', async () => {
      const start = await applications();
      const first = await start(PlainBook);
      await first.store.append(numbered(2));
      await first.projections.drained();
      await first.app.close();

      const second = await start(Book);
      await isRefused(second.projections);
      await second.projections.rebuild('book');
      await second.store.append(numbered(1));
      await second.projections.drained();
      expect(await second.effects()).toEqual(upTo(3));
      await second.app.close();

      plain = [];
      const third = await start(PlainBook);
      await isRefused(third.projections);
      expect(plain).toEqual([]);
      await third.app.close();

      // The transactional one goes on where it was.
      const fourth = await start(Book);
      await fourth.store.append(numbered(1));
      await fourth.projections.drained();
      expect(await fourth.effects()).toEqual(upTo(4));
    });

    it('that was transactional runs plain from where it is said to go on, and after restarts', async () => {
      const start = await applications();
      const before = await start(Book);
      await before.store.append(numbered(4));
      await before.projections.drained();
      await before.app.close();
      for (const expected of [[4], [4, 5]]) {
        const after = await start(PlainBookFromThree);
        if (expected.length > 1) await after.store.append(numbered(1));
        await after.projections.drained();
        expect(plain).toEqual(expected);
        await after.app.close();
      }
      // And back again it does not go on from where it was.
      const back = await start(Book);
      await isRefused(back.projections);
      await expect(back.projections.resume('book')).rejects.toThrow(/was not transactional before/);
      await back.projections.rebuild('book');
      await back.projections.drained();
      expect(await back.effects()).toEqual(upTo(5));
    });

    it('is left as it was by a reset whose onReset fails', async () => {
      const start = await applications();
      const { store, projections, effects } = await start(Book);
      await store.append(numbered(3));
      await projections.drained();
      Book.failure = new Error('not now');
      try {
        await expect(projections.rebuild('book')).rejects.toThrow('not now');
      } finally {
        Book.failure = undefined;
      }
      // What onReset had removed is there again, the cursor stands, and nothing was said.
      expect(await effects()).toEqual(upTo(3));
      expect(await projections.interventions('book')).toEqual([]);
      await store.append(numbered(2));
      await projections.drained();
      expect(await effects()).toEqual(upTo(5));
      await projections.rebuild('book');
      await projections.drained();
      expect(await effects()).toEqual(upTo(5));
    });
  },
);
