import { existsSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Global, Injectable, Module } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrSqliteStore,
} from 'nestjs-factstr';
import type { EventRecord, FactStore } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import type { DataSourceOptions, EntityManager } from 'typeorm';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import {
  EffectRow,
  applyAll,
  effectsOf,
  numbered,
  readModelOptions,
  startBook,
  upTo,
} from '../support/fixtures/read-models.js';
import type { ReadModelKind } from '../support/fixtures/read-models.js';

@Injectable()
class Book {
  @DurableProjection({ name: 'book', query: 'counted', transactional: true })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
  }

  async onReset(manager: EntityManager): Promise<void> {
    await manager.clear(EffectRow);
  }
}

@Injectable()
class BookFromTwo {
  @DurableProjection({ name: 'book', query: 'counted', transactional: true, startFrom: 2n })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
  }
}

@Injectable()
class PlainBook {
  @DurableProjection({ name: 'book', query: 'counted' })
  apply(): void {}
}

@Injectable()
class SlowBook {
  @DurableProjection({ name: 'book', query: 'counted', transactional: true, timeout: 12_000 })
  apply(): void {}
}

@Injectable()
class AuditBook {
  @DurableProjection({ name: 'book', store: 'audit', query: 'counted', transactional: true })
  apply(): void {}
}

@Injectable()
class NamedBook {
  @DurableProjection({
    name: 'book',
    query: 'counted',
    transactional: { dataSource: 'reporting' },
  })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
  }
}

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const memory = { provider: 'memory' } as const;

async function sqlite(database: string): Promise<DataSourceOptions> {
  return { type: 'better-sqlite3', database, entities: [EffectRow], synchronize: true };
}

describe('a bootstrap with a transactional projection', () => {
  it.each([{}, { options: {} }, null, 'text'])(
    'fails when the data source is overridden by %j, and says so',
    async (fake) => {
      @Global()
      @Module({
        providers: [{ provide: getDataSourceToken(), useValue: fake }],
        exports: [getDataSourceToken()],
      })
      class Fake {}
      const app = await fixtures.compile({
        imports: [FactstrModule.forRoot(), FactstrTypeOrmModule.forRoot(), Fake],
        providers: [Book],
      });
      await expect(app.init()).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(
          /Book\.apply .*default data source, .*no TypeORM DataSource/,
        ),
      });
    },
  );

  it('fails without FactstrTypeOrmModule, and says what to import', async () => {
    const app = await fixtures.compile({
      imports: [FactstrModule.forRoot()],
      providers: [Book],
    });
    await expect(app.init()).rejects.toThrow(/Book\.apply .*FactstrTypeOrmModule/);
  });

  it('fails on a SQLite database in memory', async () => {
    const readModel = await sqlite(':memory:');
    await expect(
      startBook(fixtures, { facts: memory, readModel, handlers: [Book] }),
    ).rejects.toThrow(/in memory/);
  });

  it('fails on the fact store’s own file, also through a link, and of a store that is wrapped', async () => {
    const folder = await fixtures.folder();
    const path = join(folder, 'facts.sqlite');
    const other = join(folder, 'linked.sqlite');
    await expect(
      startBook(fixtures, {
        facts: { provider: 'sqlite', path },
        readModel: await sqlite(path),
        handlers: [Book],
      }),
    ).rejects.toThrow(/own file/);
    const store = (): FactStore => new Proxy(new FactstrSqliteStore(path), {});
    await expect(
      startBook(fixtures, {
        facts: { provider: 'custom', store },
        readModel: await sqlite(path),
        handlers: [Book],
      }),
    ).rejects.toThrow(/own file/);
    await symlink(path, other);
    await expect(
      startBook(fixtures, {
        facts: { provider: 'sqlite', path },
        readModel: await sqlite(other),
        handlers: [Book],
      }),
    ).rejects.toThrow(/own file/);
  });

  it('fails when the handler may take as long as its lease', async () => {
    const readModel = await readModelOptions('sqlite', fixtures);
    const options = { facts: memory, readModel, handlers: [SlowBook] };
    await expect(startBook(fixtures, options)).rejects.toThrow(/timeout of 12000 ms.*leaseTtl/);
    await startBook(fixtures, { ...options, facts: { ...memory, leaseTtl: 16_000 } });
  });

  it('fails on a data source that nobody registers', async () => {
    const readModel = await readModelOptions('sqlite', fixtures);
    await expect(
      startBook(fixtures, { facts: memory, readModel, handlers: [NamedBook] }),
    ).rejects.toThrow(/data source "reporting"/);
  });

  it('fails when projections of two stores share a name in one data source', async () => {
    const readModel = await readModelOptions('sqlite', fixtures);
    await expect(
      startBook(fixtures, {
        facts: memory,
        readModel,
        handlers: [Book, AuditBook],
        imports: [FactstrModule.forRoot({ ...memory, name: 'audit' })],
      }),
    ).rejects.toThrow(/both keep a cursor "book"/);
  });
});

describe.each<ReadModelKind>(['sqlite', 'postgres'])('a read model in %s', (kind) => {
  it('may be that of a named data source', async () => {
    const readModel = { ...(await readModelOptions(kind, fixtures)), name: 'reporting' };
    const book = await startBook(fixtures, { facts: memory, readModel, handlers: [NamedBook] });
    await book.store.append(numbered(3));
    await book.projections.drained();
    expect(await book.effects()).toEqual(upTo(3));
  });

  it('does not begin where a plain cursor stands, unless it is rebuilt', async () => {
    const facts = await optionsOf('sqlite', fixtures);
    const readModel = await readModelOptions(kind, fixtures);
    const before = await startBook(fixtures, { facts, readModel, handlers: [PlainBook] });
    await before.store.append(numbered(3));
    await before.projections.drained();
    await before.app.close();

    const { projections, effects, dataSource } = await startBook(fixtures, {
      facts,
      readModel,
      handlers: [Book],
    });
    const state = async (): Promise<unknown> => {
      const { state: now, code } = await projections.status('book');
      return `${now} ${String(code)}`;
    };
    await until(
      async () => (await state()) === 'stopped CURSOR_ELSEWHERE',
      () => 'the refusal',
    );
    await expect(projections.resume('book')).rejects.toThrow(/was not transactional before/);
    expect(await effectsOf(dataSource)).toEqual([]);
    await projections.rebuild('book');
    await projections.drained();
    expect(await effects()).toEqual(upTo(3));
  });

  it('begins at startFrom where a plain cursor stands', async () => {
    const facts = await optionsOf('sqlite', fixtures);
    const readModel = await readModelOptions(kind, fixtures);
    const before = await startBook(fixtures, { facts, readModel, handlers: [PlainBook] });
    await before.store.append(numbered(2));
    await before.projections.drained();
    await before.app.close();
    const after = await startBook(fixtures, { facts, readModel, handlers: [BookFromTwo] });
    await after.store.append(numbered(1));
    await after.projections.drained();
    expect(await after.effects()).toEqual([3]);
  });
});

it('gives up its own data source at shutdown, after the handlers', async () => {
  const readModel = await readModelOptions('sqlite', fixtures);
  const facts = await optionsOf('sqlite', fixtures);
  for (const expected of [2, 4]) {
    const { app, store, effects } = await startBook(fixtures, {
      facts,
      readModel,
      handlers: [Book],
    });
    await store.append(numbered(2));
    await app.get(FactstrProjections).drained();
    expect(await effects()).toEqual(upTo(expected));
    await app.close();
  }
  // Nobody holds the file: the last connection to close takes the write-ahead log away.
  expect(existsSync(`${String(readModel.database)}-wal`)).toBe(false);
});
