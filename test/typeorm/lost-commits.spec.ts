import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { DataSource } from 'typeorm';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { StoreDatabase } from '../support/postgres/database.js';
import { Wire } from '../support/postgres/wire.js';
import { atEachCut } from '../support/postgres/wired.js';
import {
  EffectRow,
  Script,
  applyAll,
  numbered,
  readModelOptions,
  startBook,
  upTo,
} from '../support/fixtures/read-models.js';
import type { BookApp, ReadModelKind } from '../support/fixtures/read-models.js';
import { step } from './support/read-models.js';
import type { Statements } from './support/read-models.js';

@Injectable()
class Book {
  constructor(readonly script: Script) {}

  @DurableProjection({
    name: 'book',
    query: 'counted',
    transactional: true,
    maxAttempts: 1,
    onFailure: 'park',
  })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
    await this.script.after(facts, manager);
  }
}

describe.each<ReadModelKind>(['sqlite', 'postgres'])('A read model in %s', (kind) => {
  const fixtures = new Fixtures();
  afterEach(() => fixtures.clean());

  /** With a function that loses the answer of the next COMMIT that follows a handler, and tells whether it did. */
  async function start(): Promise<BookApp & { lose: () => () => boolean }> {
    let isLost = false;
    let armed = false;
    const statements: Statements = {
      fail: (sql) => {
        if (!armed || sql !== 'COMMIT') return undefined;
        armed = false;
        isLost = true;
        return 'after';
      },
    };
    let readModel = await readModelOptions(kind, fixtures);
    if (readModel.type === 'postgres') {
      const wire = await Wire.start(readModel.url!);
      fixtures.later(() => wire.stop());
      wire.fate = ({ text }) => (statements.fail(text) === undefined ? undefined : 'unanswered');
      readModel = { ...readModel, url: wire.url, poolErrorHandler: () => undefined };
    } else if (readModel.type === 'better-sqlite3') {
      readModel = {
        ...readModel,
        prepareDatabase: (connection: Parameters<typeof step>[0]) => step(connection, statements),
      };
    }
    const book = await startBook(fixtures, {
      facts: { provider: 'memory' },
      readModel,
      handlers: [Book],
    });
    const lose = (): (() => boolean) => {
      isLost = false;
      book.script.after = () => {
        armed = true;
        book.script.after = () => undefined;
      };
      return () => isLost;
    };
    return { ...book, lose };
  }

  it('has each fact once where a COMMIT succeeded whose answer was lost', async () => {
    const { store, projections, effects, lose } = await start();
    for (let last = 1; last <= 3; last++) {
      const lost = lose();
      await store.append(numbered(1));
      await projections.drained();
      expect(lost()).toBe(true);
      expect(await effects()).toEqual(upTo(last));
    }
    expect((await projections.status('book')).parked).toBe(0);
  });

  it('has a parked fact once that was taken by a COMMIT whose answer was lost', async () => {
    const { store, projections, script, effects, lose } = await start();
    script.after = () => {
      throw new Error('poison');
    };
    await store.append(numbered(1));
    await projections.drained();
    expect((await projections.status('book')).parked).toBe(1);
    const lost = lose();
    await projections.retryParked('book');
    await until(
      async () => lost() && (await projections.status('book')).parked === 0,
      () => 'the parked fact to be taken',
    );
    await store.append(numbered(1));
    await projections.drained();
    expect(await effects()).toEqual([1, 2]);
  });
});

describe('An append inside the application’s transaction', () => {
  let database: StoreDatabase;
  let wire: Wire;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await StoreDatabase.create();
    wire = await Wire.start(database.url);
    dataSource = await new DataSource({
      type: 'postgres',
      url: wire.url,
      poolErrorHandler: () => undefined,
      entities: [EffectRow],
      synchronize: true,
    }).initialize();
  });

  afterEach(async () => {
    await dataSource.destroy();
    await wire.stop();
    await database.dispose();
  });

  it('is there with the rows or not at all, wherever the connection was cut', async () => {
    const store = database.store();
    await store.connect();
    let last = 0;
    const steps = await atEachCut(
      wire,
      () => true,
      async (step, cut) => {
        const outcome = dataSource.transaction(async (manager) => {
          await manager.insert(EffectRow, { sequence_number: step });
          return store.append(numbered(2), { manager });
        });
        const [result] = await Promise.allSettled([outcome]);
        wire.pass();
        const [row] = await database.rows<{ facts: number; rows: number; batches: number }>(
          `SELECT (SELECT count(*)::int FROM events WHERE event_type = 'counted') AS facts,
             (SELECT count(*)::int FROM effects) AS rows, (SELECT count(*)::int FROM append_batches) AS batches`,
        );
        // Of START TRANSACTION, the row, the look, the append and COMMIT only the last one lets them stay.
        const isThere = step > 4 || (step === 4 && cut !== 'before' && cut !== 'within');
        expect([step, cut, result.status]).toEqual([
          step,
          cut,
          step > 4 ? 'fulfilled' : 'rejected',
        ]);
        expect([step, cut, row]).toEqual([
          step,
          cut,
          isThere ? { facts: 2, rows: 1, batches: 1 } : { facts: 0, rows: 0, batches: 0 },
        ]);
        if (isThere) last += 2;
        await database.run('TRUNCATE effects, append_batches');
        await database.run(`UPDATE events SET event_type = 'seen'`);
        const next = await store.append([{ event_type: 'next', payload: {} }]);
        expect(next.first_sequence_number).toBe(BigInt(++last));
      },
    );
    expect(steps).toBe(5);
  });
});
