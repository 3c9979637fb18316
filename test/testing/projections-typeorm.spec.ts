import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { specifyProjection } from 'nestjs-factstr/testing';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import type { EntityManager } from 'typeorm';
import { failureOf } from '../support/failure-of.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import {
  EffectRow,
  applyAll,
  numbered,
  readModelOptions,
  startBook,
} from '../support/fixtures/read-models.js';
import type { ReadModelKind } from '../support/fixtures/read-models.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const QUERY = { filters: [{ event_types: ['counted'] }] };

/** A row for each fact: right, since effects and cursor are one transaction. */
class Book {
  @DurableProjection({ name: 'book', query: QUERY, transactional: true })
  async project(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
  }

  async onReset(manager: EntityManager): Promise<void> {
    await manager.clear(EffectRow);
  }
}

/** The same without a transaction. */
class PlainBook {
  manager!: EntityManager;

  @DurableProjection({ name: 'book', query: QUERY })
  async project(facts: EventRecord[]): Promise<void> {
    await applyAll(facts, this.manager);
  }

  async onReset(): Promise<void> {
    await this.manager.clear(EffectRow);
  }
}

describe.each<ReadModelKind>(['sqlite', 'postgres'])('A read model of TypeORM in %s', (kind) => {
  async function start(handler: typeof Book | typeof PlainBook) {
    return startBook(fixtures, {
      facts: await optionsOf(kind, fixtures),
      readModel: await readModelOptions(kind, fixtures),
      handlers: [handler],
    });
  }

  it('passes every run where it is transactional', async () => {
    const { app, effects } = await start(Book);
    let looks = 0;
    await specifyProjection(app, 'book', { snapshot: effects })
      .given(...numbered(3), numbered(4))
      .then(async () => {
        looks++;
        expect(await effects()).toEqual([1, 2, 3, 4, 5, 6, 7]);
      });
    // Nothing comes again.
    expect(looks).toBe(4);
  });

  it('is caught where its rows are written twice', async () => {
    const { app, effects, dataSource } = await start(PlainBook);
    app.get(PlainBook).manager = dataSource.manager;
    const failure = await failureOf(() =>
      specifyProjection(app, 'book', { snapshot: effects })
        .given(...numbered(2))
        .then(() => undefined),
    );
    expect(failure?.message).toContain(
      'comes to something else with the last batch delivered again than live:\n  [2]: expected undefined, was 2',
    );
  });
});
