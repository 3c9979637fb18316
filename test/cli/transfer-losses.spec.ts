import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readBatches } from '../../lib/operations/transfer/file/file.js';
import { postgresSchemaSql } from '../../lib/stores/postgres/schema/schema.js';
import { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { asynchronous } from '../../lib/streams/store-face.js';
import { StoreDatabase } from '../support/postgres/database.js';
import { fact, facts } from '../support/facts/facts.js';
import { OPERATED, operatedDatabases } from '../support/cli/operated.js';
import type { Operated } from '../support/cli/operated.js';
import { runCli } from '../support/cli/run-cli.js';
import type { CliRun } from '../support/cli/run-cli.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'factstr-transfer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(path(name), 'utf8');

function transfer(
  command: 'export' | 'import',
  file: string,
  { target }: Operated,
): Promise<CliRun> {
  return runCli([command, path(file), '--database', target]);
}

async function transferred(...asked: Parameters<typeof transfer>): Promise<void> {
  const { code, err } = await transfer(...asked);
  expect({ code, err }).toEqual({ code: 0, err: '' });
}

async function readAll(file: string): Promise<number> {
  let batches = 0;
  for await (const _ of readBatches(file, new AbortController().signal)) batches++;
  return batches;
}

describe.each(OPERATED)('A transfer on $provider', ({ create }) => {
  const database = operatedDatabases(create);

  it('keeps line separators of Unicode, which end no line', async () => {
    const [one, other] = [await database(), await database()];
    const odd = 'a\u2028b\u2029c\u0085d\u000B';
    await asynchronous(one.open()).append([fact(odd, { [odd]: odd })]);
    await transferred('export', 'one', one);
    await transferred('import', 'one', other);
    const { event_records } = await asynchronous(other.open()).query({});
    expect(event_records).toMatchObject([{ event_type: odd, payload: { [odd]: odd } }]);
  });

  it('refuses a file that was cut off between two lines, and writes nothing of it', async () => {
    const [one, other] = [await database(), await database()];
    const store = asynchronous(one.open());
    for (let n = 0; n < 3; n++) await store.append(facts(2));
    await transferred('export', 'one', one);
    const lines = text('one').split('\n');
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/^\{"end":"6","sha256":"[\da-f]{64}"\}$/),
      '',
    ]);
    for (const kept of [1, 3]) {
      writeFileSync(path('torn'), `${lines.slice(0, kept).join('\n')}\n`);
      const { code, err } = await transfer('import', 'torn', other);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/cut off/) as unknown });
    }
    expect((await asynchronous(other.open()).query({})).event_records).toEqual([]);
    // A stream, whose end cannot be looked at first.
    await expect(readAll(path('torn'))).rejects.toThrow(/cut off/);
    // It is gone on with.
    await transferred('export', 'torn', one);
    expect(text('torn')).toBe(text('one'));

    writeFileSync(path('more'), `${text('one')}${lines[3]!}\n`);
    expect(await transfer('import', 'more', other)).toMatchObject({ code: 2 });
    writeFileSync(path('less'), text('one').replace('"end":"6"', '"end":"7"'));
    expect(await transfer('import', 'less', other)).toMatchObject({ code: 2 });
  });

  it('goes on with a file behind its end', async () => {
    const [one, other] = [await database(), await database()];
    const store = asynchronous(one.open());
    await store.query({});
    for (const [more, end] of [
      [0, 0],
      [2, 2],
      [0, 2],
      [2, 4],
    ] as const) {
      if (more > 0) await store.append(facts(more));
      await transferred('export', 'one', one);
      await transferred('import', 'one', other);
      expect(text('one').match(/"end"/g)).toHaveLength(1);
      expect(text('one').split('\n').at(-2)).toMatch(new RegExp(`^\\{"end":"${end}",`));
    }
    expect((await asynchronous(other.open()).query({})).event_records).toHaveLength(4);
  });

  it('refuses bytes that are no text', async () => {
    const [one, other] = [await database(), await database()];
    await asynchronous(one.open()).append([fact('größe')]);
    await transferred('export', 'one', one);
    const bytes = readFileSync(path('one'));
    bytes[bytes.indexOf('ö')] = 0xff;
    writeFileSync(path('one'), bytes);
    expect(await transfer('import', 'one', other)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Line 2 of .* UTF-8/) as unknown,
    });
  });

  it('refuses the shorter file of another log', async () => {
    const [one, other] = [await database(), await database()];
    await asynchronous(one.open()).append(facts(2));
    await transferred('export', 'one', one);
    await asynchronous(other.open()).append(facts(3));
    const { code, err } = await transfer('import', 'one', other);
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(
        /Line 2 of .*fact 1 is another one in the database.* different logs/,
      ) as unknown,
    });
  });

  it('takes the newest append of an id that was given again after its retention', async () => {
    const [one, other] = [await database(), await database()];
    const store = asynchronous(one.open());
    await store.append(facts(1), { appendId: 'again' });
    await transferred('export', 'one', one);
    await one.run(`DELETE FROM nestjs_factstr_appends`);
    await store.append(facts(2), { appendId: 'again' });
    await transferred('export', 'one', one);
    await transferred('import', 'one', other);
    expect(await asynchronous(other.open()).append(facts(2), { appendId: 'again' })).toMatchObject({
      first_sequence_number: 2n,
      last_sequence_number: 3n,
    });
  });

  it('keeps an append’s id beside one that speaks of other facts', async () => {
    const one = await database();
    const store = asynchronous(one.open());
    await store.append(facts(2), { appendId: 'its own' });
    await one.run(`INSERT INTO nestjs_factstr_appends (append_id, facts_hash, first_sequence_number, last_sequence_number, appended_at)
SELECT 'a', facts_hash, 1, 1, appended_at FROM nestjs_factstr_appends`);
    await transferred('export', 'one', one);
    expect(text('one')).toContain('"append":{"id":"its own"');
  });
});

it('An import on Postgres is on the disk when it says so, whatever the database is set to', async () => {
  const database = await StoreDatabase.create();
  try {
    await asynchronous(database.store()).append(facts(1));
    const { code } = await runCli(['export', path('one'), '--database', database.url]);
    expect(code).toBe(0);
    await database.run(`TRUNCATE events;
CREATE TABLE seen (setting text);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
CREATE TRIGGER look AFTER INSERT ON events EXECUTE FUNCTION look();
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`);
    const { code: imported, err } = await runCli([
      'import',
      path('one'),
      '--database',
      database.url,
    ]);
    expect({ imported, err }).toEqual({ imported: 0, err: '' });
    expect(await database.rows('SELECT setting FROM seen')).toEqual([{ setting: 'on' }]);
  } finally {
    await database.dispose();
  }
});

it('An import on Postgres needs no more than the grants that a service has', async () => {
  const database = await StoreDatabase.create();
  try {
    const [file, { role, url }] = [path('one.sqlite'), await database.role()];
    const store = new FactstrSqliteStore(file);
    store.append(facts(2), { appendId: 'id', metadata: { by: 'ann' } });
    await store.close();
    await database.run(postgresSchemaSql({ role }));
    for (const [command, target] of [
      ['export', file],
      ['import', url],
    ] as const) {
      const { code, err } = await runCli([command, path('one'), '--database', target]);
      expect({ code, err }).toEqual({ code: 0, err: '' });
    }
    expect(await database.rows('SELECT append_id FROM nestjs_factstr_appends')).toHaveLength(1);
  } finally {
    await database.dispose();
  }
});
