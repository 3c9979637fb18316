import { describe, expect, it } from '@jest/globals';
import type { SchemaDifference } from '../../lib/operations/schema/difference.js';
import { OPERATED, operatedDatabases } from '../support/cli/operated.js';
import type { Operated } from '../support/cli/operated.js';
import { runCli } from '../support/cli/run-cli.js';

async function diff(made: Operated, target = made.target) {
  const run = await runCli(['schema', 'diff', '--json', '--database', target]);
  expect(run.err).toBe('');
  return { code: run.code, differences: JSON.parse(run.out) as SchemaDifference[] };
}

describe('schema print', () => {
  it('prints the SQL of a provider, or of that of the database', async () => {
    const { out: postgres } = await runCli(['schema', 'print', '--provider', 'postgres', '--schema', 'facts', '--role', 'app']); // prettier-ignore
    expect(postgres).toMatch(/^CREATE TABLE IF NOT EXISTS "facts"\.events/);
    expect(postgres).toContain('TO "app"');
    const { out: sqlite } = await runCli(['schema', 'print', '--database', './none.sqlite']);
    expect(sqlite).toMatch(/^CREATE TABLE IF NOT EXISTS events/);
    expect(await runCli(['schema', 'print', '--provider', 'memory'])).toMatchObject({ code: 2 });
  });
});

describe.each(OPERATED)('schema and migrate on $provider', ({ create, provider }) => {
  const database = operatedDatabases(create);
  const isPostgres = provider === 'Postgres';

  it('find nothing in a database that this version made', async () => {
    const made = await database();
    await made.open().append([{ event_type: 'a', payload: {} }]);
    expect(await diff(made)).toEqual({ code: 0, differences: [] });
    const { code, out } = await runCli(['migrate', '--database', made.target]);
    expect({ code, out }).toEqual({ code: 0, out: 'Nothing was missing.\n' });
  });

  it('make of a database that FACTSTR wrote what this version makes, and read without a change', async () => {
    for (const version of ['0.5.0', '0.5.2']) {
      const made = await database();
      await made.loadGolden(version);
      const before = await made.digest();
      const target = await made.readOnlyTarget();
      const found = await diff(made, target);
      expect(found.code).toBe(1);
      expect(new Set(found.differences.map(({ kind }) => kind))).toEqual(new Set(['missing']));
      expect(found.differences.map(({ object }) => object)).toContain(
        'table nestjs_factstr_streams',
      );
      const dry = await runCli(['migrate', '--dry-run', '--database', target]);
      expect(dry.out).toMatch(/^CREATE TABLE .*nestjs_factstr_streams/m);
      expect(await made.digest()).toBe(before);
      const { code, out } = await runCli(['migrate', '--database', made.target]);
      expect({ code, left: await diff(made) }).toEqual({
        code: 0,
        left: { code: 0, differences: [] },
      });
      expect(out).toMatch(/^made {2}table nestjs_factstr_streams$/m);
    }
  });

  it('the SQL of a dry run makes it too', async () => {
    const made = await database();
    await made.loadGolden('0.5.2');
    const { out } = await runCli(['migrate', '--dry-run', '--database', made.target]);
    await made.run(out);
    expect(await diff(made)).toEqual({ code: 0, differences: [] });
  });

  it('tell what stands in the place of ours, and make the rest', async () => {
    const made = await database();
    const store = made.open();
    await store.append([{ event_type: 'a', payload: {} }], { appendId: 'one' });
    await store.close();
    await made.run(`
      ALTER TABLE nestjs_factstr_appends DROP COLUMN command_hash;
      DROP INDEX idx_events_type;
      DROP INDEX idx_events_occurred_at;
      CREATE INDEX idx_events_occurred_at ON events (event_type);
      CREATE TABLE nestjs_factstr_index_0_segments (id bigint)`);
    const { code, differences } = await diff(made);
    expect(code).toBe(1);
    expect(differences.map(({ kind, object }) => `${kind}: ${object}`).toSorted()).toEqual([
      'different: index idx_events_occurred_at',
      'left over: table nestjs_factstr_index_0_segments',
      'missing: column command_hash of nestjs_factstr_appends',
      'missing: index idx_events_type',
    ]);
    // A store refuses an index of another table or column on Postgres; SQLite's has only another speed.
    const migrated = await runCli(['migrate', '--json', '--database', made.target]);
    expect(migrated.code).toBe(isPostgres ? 3 : 1);
    await made.run('DROP INDEX idx_events_occurred_at');
    expect(await runCli(['migrate', '--database', made.target])).toMatchObject({ code: 0 });
    expect((await diff(made)).differences.map(({ kind }) => kind)).toEqual(['left over']);
  });

  it('refuse a database of a later format', async () => {
    const made = await database();
    const store = made.open();
    await store.append([{ event_type: 'a', payload: {} }]);
    await store.close();
    await made.run(`UPDATE store_metadata SET value = '2' WHERE key = 'store_format_version'`);
    const { code, differences } = await diff(made);
    expect({ code, objects: differences.map(({ object }) => object) }).toEqual({
      code: 1,
      objects: ['marker store_format_version'],
    });
  });
});
