import { chownSync, linkSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Symptom } from '../../lib/operations/doctor/symptom.js';
import { OPERATED, operatedDatabases } from '../support/cli/operated.js';
import type { Operated } from '../support/cli/operated.js';
import { jsonLines, runCli } from '../support/cli/run-cli.js';
import { testDatabases } from '../support/postgres/database.js';
import { until } from '../support/waiting/until.js';

async function examine(target: string, ...argv: string[]) {
  const run = await runCli(['doctor', '--json', '--database', target, ...argv]);
  expect(run.err).toBe('');
  const symptoms = jsonLines(run) as Symptom[];
  const findings = symptoms.filter(({ level }) => level === 'finding');
  expect(findings.filter(({ wayOut }) => !wayOut)).toEqual([]);
  expect(run.code).toBe(findings.length > 0 ? 1 : 0);
  return {
    symptoms,
    /** The names of what was found, without what tests set for speed. */
    found: findings.map(({ check }) => check).filter((name) => !TEST_SERVER.has(name)),
    of: (check: string) => symptoms.filter((one) => one.check === check),
  };
}

/** The tests' server is one whose data nobody keeps. */
const TEST_SERVER = new Set(['fsync', 'full_page_writes', 'disk', 'synchronous_commit']);

async function opened(make: () => Promise<Operated>): Promise<Operated> {
  const made = await make();
  await made.open().append([{ event_type: 'a', payload: { n: 1 } }]);
  return made;
}

describe.each(OPERATED)('doctor on $provider', ({ create }) => {
  const database = operatedDatabases(create);

  it('finds nothing in a database of this version, and tells versions', async () => {
    const { found, of } = await examine((await opened(database)).target);
    expect(found).toEqual([]);
    expect(of('node')[0]!.says).toContain(process.versions.node);
    expect(of('driver')[0]!.says).toMatch(/^(better-sqlite3|pg) \d/);
    expect(of('server')[0]!.says).toMatch(/^(SQLite|Postgres) \d/);
    expect(of('schema')).toEqual([{ check: 'schema', level: 'good', says: 'as this version makes it' }]); // prettier-ignore
  });

  it('examines what FACTSTR wrote, with a role that may only read, and writes nothing', async () => {
    const made = await database();
    await made.loadGolden('0.5.2');
    const before = await made.digest();
    const { of } = await examine(await made.readOnlyTarget());
    expect(of('schema')).toMatchObject([{ level: 'note' }]);
    expect(await made.digest()).toBe(before);
  });

  it('prints a line for a person', async () => {
    const { out } = await runCli(['doctor', '--database', (await opened(database)).target]);
    expect(out).toMatch(/^✓ node: Node \d/m);
    expect(out).toMatch(/^✓ schema: as this version makes it$/m);
  });
});

describe('doctor on SQLite', () => {
  const database = operatedDatabases(OPERATED[0].create);

  it('finds a journal mode other than wal', async () => {
    const other = await database();
    await other.run('PRAGMA journal_mode = DELETE; CREATE TABLE other (a)');
    await other.run('CREATE TABLE events (sequence_number INTEGER PRIMARY KEY, occurred_at TEXT NOT NULL, event_type TEXT NOT NULL, payload TEXT NOT NULL)'); // prettier-ignore
    expect((await examine(other.target)).found).toEqual(['journal_mode']);
  });

  it('finds a second name of the file', async () => {
    const { target } = await opened(database);
    linkSync(target, `${target}.other`);
    expect((await examine(target)).found).toEqual(['hard_links']);
  });

  (process.getuid?.() === 0 ? it : it.skip)('finds files of another user beside it', async () => {
    const { target } = await opened(database);
    for (const name of readdirSync(dirname(target))) {
      if (/-(wal|shm)$/.test(name)) chownSync(`${dirname(target)}/${name}`, 65_534, 65_534);
    }
    // SQLite itself gives back what root opens.
    expect((await examine(target)).found).toContain('owner');
  });

  (process.platform === 'linux' ? it : it.skip)(
    'names the process that holds the write lock',
    async () => {
      const made = await opened(database);
      // A lock of this process is one that SQLite has taken as any other process would.
      const { default: Database } = await import('better-sqlite3');
      const holder = new Database(made.target);
      try {
        holder.exec('BEGIN IMMEDIATE');
        const { found, of } = await examine(made.target);
        expect(found).toEqual(['locks']);
        expect(of('locks')[0]!.says).toContain(`process ${process.pid} `);
      } finally {
        holder.close();
      }
    },
  );
});

describe('doctor on Postgres', () => {
  const create = testDatabases();
  const opened = async () => {
    const made = await create();
    await made.store().append([{ event_type: 'a', payload: {} }]);
    return made;
  };

  it('finds settings that endanger what was acknowledged', async () => {
    const made = await opened();
    await made.run(`ALTER DATABASE ${made.name} SET synchronous_commit = off`);
    await made.run(`ALTER DATABASE ${made.name} SET zero_damaged_pages = on`);
    const { of } = await examine(made.url);
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit', 'zero_damaged_pages']) {
      expect(of(name)).toMatchObject([{ level: 'finding' }]);
    }
  });

  it.each([
    ['ALTER TABLE events SET (autovacuum_enabled = off)', 'vacuum'],
    ['ALTER INDEX idx_events_payload_gin RESET (gin_pending_list_limit)', 'gin_pending_list_limit'],
    ['ALTER TABLE events ENABLE ROW LEVEL SECURITY; ALTER TABLE events FORCE ROW LEVEL SECURITY', undefined], // prettier-ignore
    ['DROP INDEX idx_events_type; CREATE INDEX idx_events_type ON events (occurred_at)', 'schema'],
  ])('%s', async (sql, check) => {
    const made = await opened();
    await made.run(sql);
    expect((await examine(made.url)).found).toEqual(check === undefined ? [] : [check]);
  });

  it('finds policies that apply to the role', async () => {
    const made = await opened();
    const { role, url } = await made.role();
    await made.run(`GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}; ALTER TABLE events ENABLE ROW LEVEL SECURITY`); // prettier-ignore
    expect((await examine(url)).found).toEqual(['row_security']);
  });

  it('finds who holds others up, and transactions that are old', async () => {
    const made = await opened();
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const holding = made.hold('LOCK TABLE events IN ACCESS EXCLUSIVE MODE', released);
    await holding.begun;
    const waiting = made.run('SELECT FROM events');
    try {
      // The doctor itself reads no facts.
      await until(
        async () => (await examine(made.url, '--slow', '1')).found.includes('locks'),
        () => 'the lock',
      );
      const { found } = await examine(made.url, '--slow', '1');
      expect(new Set(found)).toEqual(new Set(['locks', 'transactions']));
      expect((await examine(made.url)).found).toEqual([]);
    } finally {
      release();
      await Promise.all([holding.ended, waiting]);
    }
  });
});
