import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Problem } from '../../lib/operations/verify/problem.js';
import { asynchronous } from '../../lib/streams/store-face.js';
import { OPERATED, operatedDatabases } from '../support/cli/operated.js';
import type { Operated } from '../support/cli/operated.js';
import { jsonLines, runCli } from '../support/cli/run-cli.js';
import { until } from '../support/waiting/until.js';

async function verify(target: string, ...argv: string[]) {
  const run = await runCli(['verify', '--json', '--deep', '--database', target, ...argv]);
  expect(run.err).toBe('');
  const lines = jsonLines(run) as (Problem & { problems: number; unindexed: string | null })[];
  const last = lines.pop()!;
  expect(run.code).toBe(lines.length > 0 ? 1 : 0);
  expect(last.problems).toBe(lines.length);
  return { last, problems: lines, found: lines.map(({ check, row }) => `${check}: ${row}`) };
}

/** A log of batches of one and of three, with ids and metadata, a cursor at 6, and a context index. */
async function made(create: () => Promise<Operated>): Promise<Operated> {
  const database = await create();
  const store = database.open();
  const event = (n: number) => ({ event_type: `t${n % 3}`, payload: { n } });
  await store.append([event(1)]);
  await store.append([event(2), event(3), event(4)], { appendId: 'two', metadata: { by: 'me' } });
  await store.append([event(5), event(6)]);
  let seen = 0n;
  const stream = await store.streamAllDurable({ name: 'mine' }, (facts) => {
    seen = facts.at(-1)!.sequence_number;
  });
  await until(
    () => seen === 6n,
    () => 'the stream',
  );
  stream.unsubscribe();
  await store.close();
  return database;
}

const SEGMENTS = 'nestjs_factstr_index_1_segments';

describe.each(OPERATED)('verify on $provider', ({ create, provider }) => {
  const database = operatedDatabases(create);
  const isPostgres = provider === 'Postgres';
  const [cursors, cursor] = isPostgres
    ? ['durable_stream_cursors', 'durable_stream_id']
    : ['subscriber_cursors', 'subscriber_id'];

  it('finds nothing wrong, and writes nothing', async () => {
    const one = await made(database);
    const before = await one.digest();
    const { found } = await verify(await one.readOnlyTarget());
    expect(found).toEqual([]);
    expect(await one.digest()).toBe(before);
    const { out } = await runCli(['verify', '--database', one.target]);
    expect(out).toMatch(/^nothing is wrong; 6 facts; /);
  });

  it('finds nothing wrong in what FACTSTR wrote', async () => {
    for (const version of ['0.5.0', '0.5.2']) {
      const golden = await database();
      await golden.loadGolden(version);
      const before = await golden.digest();
      expect((await verify(await golden.readOnlyTarget())).found).toEqual([]);
      expect(await golden.digest()).toBe(before);
    }
  });

  it.each([
    ['DELETE FROM events WHERE sequence_number = 5', ['gapless: events 6']],
    ['DELETE FROM events WHERE sequence_number = 1', ['gapless: events 2']],
    [`UPDATE events SET event_type = '' WHERE sequence_number = 3`, ['appends: nestjs_factstr_appends two', 'facts: events 3']], // prettier-ignore
    ['DELETE FROM events WHERE sequence_number = 6', ['batches: append_batches 5', `cursors: ${cursors} mine`]], // prettier-ignore
    ['UPDATE append_batches SET last_sequence_number = 5 WHERE first_sequence_number = 2', ['batches: append_batches 5', 'appends: nestjs_factstr_appends two', 'appends: nestjs_factstr_metadata 2']], // prettier-ignore
    ['UPDATE append_batches SET last_sequence_number = 1 WHERE first_sequence_number = 5', ['batches: append_batches 5']], // prettier-ignore
    [
      `DELETE FROM store_metadata WHERE key = 'append_batch_boundary_format'`,
      ['boundaries: events 1'],
    ],
    [`UPDATE store_metadata SET value = 'dense_v7' WHERE key = 'append_batch_boundary_format'`, ['marker: store_metadata append_batch_boundary_format', 'boundaries: events 1']], // prettier-ignore
    [`UPDATE ${cursors} SET last_processed_sequence_number = 9`, [`cursors: ${cursors} mine`]],
    [`UPDATE ${cursors} SET event_query = 'all' WHERE ${cursor} = 'mine'`, [`cursors: ${cursors} mine`]], // prettier-ignore
    [`UPDATE events SET payload = '{"n": 7}' WHERE sequence_number = 6`, ['cursors: nestjs_factstr_streams mine']], // prettier-ignore
    [`INSERT INTO nestjs_factstr_parked VALUES ('mine', 12, 'x', 1, '2026-01-01T00:00:00Z')`, ['parked: nestjs_factstr_parked mine 12']], // prettier-ignore
    [`UPDATE nestjs_factstr_appends SET last_sequence_number = 3`, ['appends: nestjs_factstr_appends two', 'appends: nestjs_factstr_appends two']], // prettier-ignore
    [`UPDATE nestjs_factstr_metadata SET metadata = 'me'`, ['appends: nestjs_factstr_metadata 2']],
    [`UPDATE nestjs_factstr_metadata SET causation = 2`, ['appends: nestjs_factstr_metadata 2']],
    [`INSERT INTO ${SEGMENTS} VALUES (4711, 1, 6, 3, ${isPostgres ? 'false' : 0}, 'x', ${isPostgres ? `'\\x00', '\\x00'` : `x'00', x'00'`}, 1)`, [`index: ${SEGMENTS} 4711`]], // prettier-ignore
    [`INSERT INTO ${SEGMENTS} VALUES (4711, 1, 60, 3, ${isPostgres ? 'false' : 0}, 'x', ${isPostgres ? `'\\x00', '\\x00'` : `x'00', x'00'`}, 1)`, [`index: ${SEGMENTS} 4711`]], // prettier-ignore
  ])('names the row: %s', async (sql, expected) => {
    const one = await made(database);
    await one.run(sql);
    const { found, problems } = await verify(one.target);
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(problems.filter(({ says, wayOut }) => !says || !wayOut)).toEqual([]);
    const { out, code } = await runCli(['verify', '--database', one.target]);
    expect(code).toBe(1);
    expect(out).toContain(problems[0]!.row);
  });

  if (!isPostgres) {
    it.each([
      [`UPDATE events SET payload = '{"n":' WHERE sequence_number = 4`],
      [`UPDATE events SET payload = x'7b7d' WHERE sequence_number = 4`],
      [`UPDATE events SET occurred_at = 'yesterday' WHERE sequence_number = 4`],
    ])('names the row: %s', async (sql) => {
      const one = await made(database);
      await one.run(sql);
      const run = await runCli(['verify', '--json', '--database', one.target]);
      expect(jsonLines(run)).toMatchObject([{ check: 'facts', row: 'events 4' }, { problems: 1 }]);
      expect(run.code).toBe(1);
    });
  }

  it('raises no false alarm while facts are appended', async () => {
    const one = await database();
    const store = asynchronous(one.open());
    await store.append([{ event_type: 'first', payload: {} }]);
    const stop = new AbortController();
    let appended = 0;
    const writing = Promise.all(
      [1, 2].map(async (writer) => {
        while (!stop.signal.aborted) {
          const facts = Array.from({ length: 1 + (appended % 3) }, () => ({
            event_type: `t${writer}`,
            payload: { appended },
          }));
          await store.append(facts, { appendId: `${writer}-${appended}`, metadata: { writer } });
          appended += facts.length;
          await new Promise((resolve) => setImmediate(resolve));
        }
      }),
    );
    try {
      for (let round = 0; round < 10; round++) {
        const before = appended;
        expect((await verify(one.target)).found).toEqual([]);
        await until(
          () => appended > before,
          () => 'appends beside it',
        );
      }
    } finally {
      stop.abort();
      await writing;
    }
  });

  it('reads facts by the application’s schemas', async () => {
    const one = await made(database);
    const folder = mkdtempSync(join(tmpdir(), 'factstr-verify-'));
    try {
      const module = join(folder, 'facts.mjs');
      const schemas = new URL('../../lib/facts/schemas/fact-schemas.ts', import.meta.url).href;
      const schema = `{ '~standard': { version: 1, vendor: 'test', validate: (value) =>
        value.n === 4 ? { issues: [{ message: 'not four', path: ['n'] }] } : { value } } }`;
      writeFileSync(
        module,
        `import { defineFacts } from ${JSON.stringify(schemas)};
         export const facts = defineFacts({ t0: ${schema}, t1: ${schema} });`,
      );
      const { found } = await verify(one.target, '--facts', module);
      expect(found).toEqual(['schema: events 4']);
      writeFileSync(join(folder, 'none.mjs'), 'export const none = 1;');
      for (const wrong of ['none.mjs', 'missing.mjs']) {
        const run = await runCli([
          'verify',
          '--database',
          one.target,
          '--facts',
          join(folder, wrong),
        ]);
        expect(run).toMatchObject({ code: 2, out: '' });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
