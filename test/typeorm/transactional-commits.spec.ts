import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getDataSourceToken } from '@nestjs/typeorm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { InvalidOptionsError } from '../../lib/contract/errors.js';
import type { TransactionalRequest } from '../../lib/projections/transactional/transactional-commits.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { TypeOrmCommits } from '../../lib/typeorm/typeorm.commits.js';
import { failureOf } from '../support/failure-of.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { synchronousStore } from '../support/fixtures/hand-written-stores.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());
let folder: string;
beforeEach(async () => {
  folder = await fixtures.folder();
});

const file = (name = 'read-model.sqlite'): string => join(folder, name);
const sqlite = (options: object = {}): DataSourceOptions => ({
  type: 'better-sqlite3',
  database: file(),
  ...options,
});
const postgres: DataSourceOptions = { type: 'postgres', database: 'books' };

/** The effects of an application with these data sources, none of which is connected. */
async function application(sources: Record<string, DataSourceOptions>) {
  const dataSources = Object.entries(sources).map(([name, options]) => ({
    provide: getDataSourceToken(name === 'default' ? undefined : name),
    useValue: new DataSource({ ...options, ...(name === 'default' ? {} : { name }) }),
  }));
  const app = await fixtures.compile({ providers: [...dataSources, TypeOrmCommits] });
  return app.get(TypeOrmCommits);
}

/** What a projection asks for. */
function request(parts: Partial<TransactionalRequest> = {}, leaseTtl?: number) {
  const store = new FactstrMemoryStore({ leaseTtl });
  fixtures.later(() => store.close());
  return {
    name: 'book',
    label: 'Book.apply',
    store,
    storeFile: undefined,
    dataSource: undefined,
    timeout: undefined,
    hasStart: false,
    ...parts,
  };
}

/** What a projection is told that asks for it. */
async function refusal(
  sources: Record<string, DataSourceOptions>,
  ...asked: ReturnType<typeof request>[]
): Promise<string> {
  const effects = await application(sources);
  const failure = await failureOf(() => {
    for (const one of asked) effects.commitFor(one);
  });
  expect(failure).toBeInstanceOf(InvalidOptionsError);
  return failure!.message;
}

describe('A transactional projection is refused', () => {
  it('on a store that shows no log', async () => {
    const { store } = synchronousStore();
    expect(await refusal({ default: sqlite() }, request({ store }))).toBe(
      'Book.apply is transactional, which needs a store that shows its log; this one has the contract only. Use provider "memory", "sqlite" or "postgres".',
    );
  });

  it('on a data source that is not registered, by its name', async () => {
    expect(await refusal({ other: sqlite() }, request())).toBe(
      'Book.apply is transactional on the default data source, which no TypeOrmModule registers. Register it with TypeOrmModule.forRoot, or correct the option transactional.',
    );
    expect(await refusal({ default: sqlite() }, request({ dataSource: 'reports' }))).toMatch(
      /^Book\.apply is transactional on the data source "reports", which no TypeOrmModule registers\./,
    );
  });

  it.each([
    undefined,
    null,
    'a text',
    {},
    { options: null, createQueryRunner() {}, createEntityManager() {} },
    { options: 'x', createQueryRunner() {}, createEntityManager() {} },
    { options: {}, createEntityManager() {} },
    { options: {}, createQueryRunner() {}, createEntityManager: 1 },
  ])('on %j in the place of a data source', async (fake) => {
    const app = await fixtures.compile({
      providers: [{ provide: getDataSourceToken('reports'), useValue: fake }, TypeOrmCommits],
    });
    const effects = app.get(TypeOrmCommits);
    expect(() => effects.commitFor(request({ dataSource: 'reports' }))).toThrow(
      'Book.apply is transactional on the data source "reports", under whose token is no TypeORM DataSource (overridden by a fake?). Override it with a DataSource, or leave the handlers out: overrideProvider(FactstrStore), or the option handlers.',
    );
  });

  it('with the name of another one in the same data source', async () => {
    const both = [request(), request({ label: 'Audit.apply' })];
    expect(await refusal({ default: sqlite() }, ...both)).toBe(
      'Book.apply and Audit.apply both keep a cursor "book" in one data source. Give one of them another name.',
    );
  });

  it('on another kind of database', async () => {
    const sources = { default: { type: 'cockroachdb' } as DataSourceOptions };
    expect(await refusal(sources, request())).toBe(
      'Book.apply is transactional on a data source of type "cockroachdb"; "postgres" and "better-sqlite3" can do that.',
    );
  });

  it.each<unknown>([
    '',
    ' ',
    ':memory:',
    ' :memory: ',
    'file::memory:',
    'file:shared?mode=memory',
    Buffer.from('the content of a database'),
  ])('on a SQLite database in memory: %p', async (database) => {
    expect(await refusal({ default: sqlite({ database }) }, request())).toBe(
      'Book.apply is transactional on a SQLite database in memory, which one connection only can see. Use a file.',
    );
  });

  it.each([{ key: 'secret' }, { readonly: true }])(
    'on a SQLite file that cannot be opened again, or written: %j',
    async (options) => {
      expect(await refusal({ default: sqlite(options) }, request())).toBe(
        'Book.apply is transactional on a SQLite data source that is encrypted or read-only, which is not supported.',
      );
    },
  );

  it('on the fact store’s own file, by whichever path', async () => {
    await mkdir(file('folder'));
    await writeFile(file(), '');
    await symlink(file(), file('linked.sqlite'));
    for (const storeFile of [file(), file('linked.sqlite'), file('folder/../read-model.sqlite')]) {
      expect(await refusal({ default: sqlite() }, request({ storeFile }))).toBe(
        `Book.apply is transactional on the fact store's own file ${storeFile}: an append would wait for the handler's transaction, and stop the process that runs it. Use two files.`,
      );
    }
  });

  it('also where another one was admitted to the file', async () => {
    await writeFile(file(), '');
    const asked = [request(), request({ name: 'audit', storeFile: file() })];
    expect(await refusal({ default: sqlite() }, ...asked)).toMatch(/own file/);
  });

  it.each([
    [800, 1_000, 800],
    [12_000, 15_000, 12_000],
    [801, 1_001, 800],
  ])(
    'with a timeout of %d ms on a lease of %d ms: the longest is less than %d',
    async (timeout, ttl, longest) => {
      expect(await refusal({ default: sqlite() }, request({ timeout }, ttl))).toBe(
        `Book.apply is transactional with a timeout of ${timeout} ms: it must be below ${longest} ms, so that a frozen owner's transaction has ended when its lease of ${ttl} ms has. Shorten the timeout, or lengthen leaseTtl.`,
      );
    },
  );
});

describe('A transactional projection', () => {
  it('is admitted to a file of its own, to Postgres, and under one name in several data sources', async () => {
    await writeFile(file(), '');
    await writeFile(file('facts.sqlite'), '');
    const effects = await application({
      default: sqlite(),
      more: sqlite({ database: file('new.sqlite') }),
      reports: postgres,
    });
    const asked = [
      request({ storeFile: file('facts.sqlite'), timeout: 799 }, 1_000),
      request({ name: 'other', storeFile: file('not there yet.sqlite') }),
      request({ dataSource: 'more', storeFile: file('facts.sqlite') }),
      request({ dataSource: 'reports', storeFile: file() }),
    ];
    const made = asked.map((one) => effects.commitFor(one));
    expect(made.map(({ transactional }) => transactional)).toEqual([true, true, true, true]);
    // One database for each data source.
    const identities = made.map(({ cursorStore }) => cursorStore.identity());
    expect(identities).toEqual([
      `sqlite:${file()}`,
      `sqlite:${file()}`,
      `sqlite:${file('new.sqlite')}`,
      `the read model's database "books"`,
    ]);
    await effects.close();
    // And closed twice it gives its names free.
    await effects.close();
    effects.commitFor(request());
  });

  it('is of a database without a name where its URL has that', async () => {
    const effects = await application({ default: { type: 'postgres', url: 'postgres://h/d' } });
    const { cursorStore } = effects.commitFor(request());
    expect(cursorStore.identity()).toBe(`the read model's database "of its URL"`);
  });

  it.each([
    [300, 200],
    [1_000, 666],
    [45_000, 30_000],
    [600_000, 30_000],
  ])('has two thirds of a lease of %d ms for a call, 30 s at most: %d ms', async (ttl, timeout) => {
    const effects = await application({ default: sqlite() });
    expect(effects.commitFor(request({}, ttl)).defaultTimeout).toBe(timeout);
  });
});
