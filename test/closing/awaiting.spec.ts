import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { insertFacts } from '../context-index/support/index-tables.js';
import { TestFolder } from '../sqlite/support/folder.js';
import { createDatabase } from '../support/postgres.js';

// Processes, some of which wait for the end of a patience.
jest.setTimeout(120_000);

const script = fileURLToPath(new URL('processes/awaiting.ts', import.meta.url));
const hook = new URL('../support/typescript-hook.mjs', import.meta.url).href;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** How a script that awaits something ends: its exit code and its last line. */
async function end(what: string, provider: string, place: string): Promise<unknown> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', hook, script, what, provider, place],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  cleanUps.push(() => child.kill('SIGKILL'));
  let output = '';
  let errors = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, last: output.trim().split('\n').at(-1), errors };
}

/** An empty log. */
async function newPlace(provider: string): Promise<string> {
  if (provider === 'memory') return '';
  if (provider === 'sqlite') {
    const folder = new TestFolder();
    cleanUps.push(() => folder.dispose());
    return folder.file();
  }
  const database = await createDatabase();
  cleanUps.push(() => database.drop());
  return database.url;
}

/** A log that another engine has filled: nothing of it is indexed. */
async function foreignLog(provider: string, count = 20_000): Promise<string> {
  const place = await newPlace(provider);
  await end('close', provider, place);
  if (provider === 'sqlite') {
    const facts = Array.from({ length: count }, (_, n): NewEvent => ({
      event_type: 'a',
      payload: { n },
    }));
    const database = new Sqlite(place);
    insertFacts(database, facts);
    database.close();
    return place;
  }
  const pg = await import('pg');
  const client = new pg.default.Client({ connectionString: place });
  await client.connect();
  await client.query(
    `INSERT INTO events (sequence_number, event_type, payload)
     SELECT n, 'a', jsonb_build_object('n', n) FROM generate_series(2, $1::int) AS n`,
    [count],
  );
  await client.end();
  return place;
}

describe.each(['memory', 'sqlite', 'postgres'])(
  'A script on %s goes on after awaiting',
  (provider) => {
    it.each([
      'close',
      'close of a store that was never used',
      'close with a stuck live handler',
      'close with a stuck durable handler',
      'the service’s close with a stuck handler',
      'the start of a stream',
      'a registration, and its end',
      'a decision, and what is read',
    ])('%s', async (what) => {
      expect(await end(what, provider, await newPlace(provider))).toEqual({
        code: 0,
        last: `after: ${what}`,
        errors: '',
      });
    });
  },
);

describe.each(['sqlite', 'postgres'])(
  'A script on an existing %s log goes on after awaiting',
  (provider) => {
    it.each([
      'close while the index is being built',
      'close right after the index began to be built',
      'the whole index',
    ])('%s', async (what) => {
      expect(await end(what, provider, await foreignLog(provider))).toEqual({
        code: 0,
        last: `after: ${what}`,
        errors: '',
      });
    });
  },
);

describe('A script without a server goes on after awaiting', () => {
  it('close', async () => {
    const what = 'a server that is down';
    const { code, last } = (await end(what, 'postgres', 'postgres://a@127.0.0.1:9/none')) as Record<
      string,
      unknown
    >;
    expect({ code, last }).toEqual({ code: 0, last: `after: ${what}` });
  });
});
