import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord, ProjectionStatus } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { oddErrorNames, oddErrors } from '../support/odd-errors.js';
import {
  EffectRow,
  Script,
  applyAll,
  numbered,
  readModelOptions,
  startBook,
  upTo,
} from '../support/fixtures/read-models.js';
import type { BookApp } from '../support/fixtures/read-models.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

@Injectable()
class Book {
  constructor(readonly script: Script) {}

  @DurableProjection({ name: 'book', query: {}, transactional: true, maxAttempts: 1 })
  async apply(facts: EventRecord[], { manager, attempt }: TransactionalContext): Promise<void> {
    this.script.calls.push({ numbers: facts.map((fact) => Number(fact.sequence_number)), attempt });
    await applyAll(facts, manager);
    await this.script.after(facts, manager);
  }

  async onReset(manager: TransactionalContext['manager']): Promise<void> {
    await manager.clear(EffectRow);
  }
}

@Injectable()
class ParkingBook {
  constructor(readonly script: Script) {}

  @DurableProjection({
    name: 'book',
    query: {},
    transactional: true,
    maxAttempts: 1,
    onFailure: 'park',
  })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
    await this.script.after(facts, manager);
  }
}

async function shows(book: BookApp, expected: Partial<ProjectionStatus>): Promise<void> {
  let last: ProjectionStatus | undefined;
  await until(
    async () => {
      last = await book.projections.status('book');
      return Object.entries(expected).every(
        ([key, value]) => last![key as keyof ProjectionStatus] === value,
      );
    },
    () =>
      `the state ${String(expected.state)}; it is ${last?.state} at ${last?.position}, ${last?.reason}`,
  );
}

describe('A transactional read model in sqlite', () => {
  it('does not keep an operator waiting for a handler that does not settle', async () => {
    let settle!: () => void;
    @Injectable()
    class Hanging {
      @DurableProjection({ name: 'book', query: {}, transactional: true, timeout: 50 })
      apply(): Promise<void> {
        return new Promise((resolve) => {
          settle = resolve;
        });
      }
    }
    const book = await startBook(fixtures, {
      facts: await optionsOf('memory', fixtures),
      readModel: await readModelOptions('sqlite', fixtures),
      handlers: [Hanging],
    });
    await book.store.append(numbered(1));
    await shows(book, { state: 'stuck' });
    await expect(book.projections.pause('book')).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
    settle();
    await book.projections.pause('book');
    await shows(book, { state: 'paused', position: 0n });
  });
});

describe.each(['sqlite', 'postgres'] as const)('A transactional read model in %s', (kind) => {
  const start = async (handler: typeof Book | typeof ParkingBook): Promise<BookApp> =>
    startBook(fixtures, {
      facts: await optionsOf('memory', fixtures),
      readModel: await readModelOptions(kind, fixtures),
      handlers: [handler],
    });

  it('parks a fact whatever its handler throws, and the operator is obeyed', async () => {
    const book = await start(ParkingBook);
    book.script.after = ([fact]) => {
      const throwing = oddErrorNames[Number(fact!.sequence_number) - 1];
      if (throwing !== undefined) throw oddErrors[throwing]();
    };
    await book.store.append(numbered(1));
    for (let n = 0; n < oddErrorNames.length; n++) await book.store.append(numbered(1));
    const head = BigInt(oddErrorNames.length + 1);
    await shows(book, { position: head, parked: oddErrorNames.length });
    const parked = await book.projections.parked('book');
    for (const { error } of parked) {
      expect(error).not.toContain('\u0000');
      expect(error.isWellFormed()).toBe(true);
      expect(error.length).toBeLessThan(2_200);
    }
    expect(parked[0]!.error).toBe('be\\u0000fore');
    await book.projections.pause('book', { by: 'ann' });
    await book.projections.discardParked('book');
    await book.projections.resume('book');
    await book.store.append(numbered(1));
    await book.projections.waitFor('book', head + 1n);
    expect(await book.effects()).toEqual([Number(head), Number(head) + 1]);
  });

  it.each(['U+0000', 'a Proxy that throws', 'a revoked Proxy'] as const)(
    'pauses after maxAttempts for %s',
    async (odd) => {
      const book = await start(Book);
      book.script.after = () => {
        throw oddErrors[odd]();
      };
      await book.store.append(numbered(1));
      await shows(book, { state: 'paused', position: 0n });
      expect(book.script.calls).toHaveLength(1);
      book.script.after = () => undefined;
      await book.projections.rebuild('book');
      await book.projections.resume('book');
      await book.projections.waitFor('book', 1n);
      expect(await book.effects()).toEqual([1]);
    },
  );

  it('commits the call in which a projection pauses itself', async () => {
    const book = await start(Book);
    book.script.after = async ([fact]) => {
      if (fact!.sequence_number === 2n) await book.projections.pause('book', { by: 'breaker' });
    };
    await book.store.append(numbered(1));
    await book.store.append(numbered(1));
    await shows(book, { state: 'paused', position: 2n });
    await book.store.append(numbered(1));
    expect(await book.effects()).toEqual([1, 2]);
    await book.projections.resume('book');
    await book.projections.waitFor('book', 3n);
    expect(await book.effects()).toEqual([1, 2, 3]);
    expect(await book.projections.interventions('book')).toMatchObject([
      { verb: 'pause', by: 'breaker' },
      { verb: 'resume' },
    ]);
    expect(fixtures.log.of('error')).toEqual([]);
  });

  it('is cleared after the call in which a projection rebuilds itself', async () => {
    const book = await start(Book);
    let rebuilt = false;
    book.script.after = async ([fact]) => {
      if (fact!.sequence_number !== 2n || rebuilt) return;
      rebuilt = true;
      await book.projections.rebuild('book');
    };
    for (let n = 0; n < 3; n++) await book.store.append(numbered(1));
    await until(
      async () => (await book.effects()).length === 3 && book.script.calls.length === 5,
      () => `five calls; ${JSON.stringify(book.script.calls)}`,
    );
    expect(await book.effects()).toEqual(upTo(3));
    expect(book.script.calls.map(({ numbers }) => numbers[0])).toEqual([1, 2, 1, 2, 3]);
    expect(fixtures.log.of('error')).toEqual([]);
  });
});
