import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '../../lib/operations/verify/problem.js';
import { OPERATED, operatedDatabases } from '../support/cli/operated.js';
import type { Operated } from '../support/cli/operated.js';
import { jsonLines, runCli } from '../support/cli/run-cli.js';
import { until } from '../support/waiting/until.js';

const SEGMENTS = 'nestjs_factstr_index_1_segments';
const CHUNKS = 'nestjs_factstr_index_1_chunks';
/** Of a log that is quickly copied and read. */
const FEW = 9;
/** With so many Postgres has a segment. */
const MANY = 4_200;

/** Batches of 1, of 2 to 4 with all that is kept of an append, of 5, and of the rest; a durable stream; a context index. */
async function make(create: () => Promise<Operated>, count: number): Promise<Operated> {
  const database = await create();
  const store = database.open();
  const events = (first: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({
      event_type: `t${n % 3}`,
      payload: { n: first + n },
    }));
  await store.append(events(1, 1));
  await store.append(events(2, 3), {
    appendId: 'two',
    command: { do: 'it' },
    metadata: { causation_id: '1', correlation_id: 'c', by: 'me' },
  });
  await store.append(events(5, 1));
  await store.append(events(6, count - 5));
  let seen = 0n;
  const stream = await store.streamAllDurable({ name: 'mine' }, (facts) => {
    seen = facts.at(-1)!.sequence_number;
  });
  await until(
    () => seen === BigInt(count),
    () => 'the stream',
  );
  stream.unsubscribe();
  await store.close();
  // Another store has it all to read, and stores what it has indexed.
  const other = database.open();
  await other.contextsIndexed();
  await other.close();
  return database;
}

async function found(target: string, ...argv: string[]): Promise<string[]> {
  const run = await runCli(['verify', '--json', '--database', target, ...argv]);
  expect(run.err).toBe('');
  const lines = jsonLines(run) as Problem[];
  lines.pop();
  expect(run.code).toBe(lines.length > 0 ? 1 : 0);
  for (const { says, wayOut } of lines) expect(says && wayOut).toBeTruthy();
  return [...new Set(lines.map(({ check, row }) => `${check}: ${row}`))];
}

describe.each(OPERATED)('verify on $provider finds', ({ create, provider }) => {
  const made = new Map<number, Operated>();
  beforeAll(async () => {
    for (const count of [FEW, MANY]) made.set(count, await make(create, count));
  });
  afterAll(async () => {
    for (const database of made.values()) await database.dispose();
  });
  const few = operatedDatabases(() => made.get(FEW)!.copy());
  const many = operatedDatabases(() => made.get(MANY)!.copy());
  const isPostgres = provider === 'Postgres';
  const [cursors] = isPostgres ? ['durable_stream_cursors'] : ['subscriber_cursors'];
  const appends = 'appends: nestjs_factstr_appends two';
  const metadata = 'appends: nestjs_factstr_metadata 2';
  const intervention = (values: string): string =>
    `INSERT INTO nestjs_factstr_interventions (name, verb, by_whom, position, at) VALUES (${values})`;

  it('nothing in what was written', async () => {
    expect(await found((await few()).target, '--deep')).toEqual([]);
    expect(await found((await many()).target, '--deep')).toEqual([]);
  });

  it.each([
    // The log.
    [`INSERT INTO append_batches VALUES (3, 3)`, ['batches: append_batches 3']],
    [
      `UPDATE append_batches SET last_sequence_number = ${FEW} WHERE first_sequence_number = 2`,
      ['batches: append_batches 6', appends, metadata],
    ],
    [`DROP TABLE append_batches`, ['objects: table append_batches', appends, metadata]],
    // What is kept of appends.
    [
      `UPDATE nestjs_factstr_appends SET first_sequence_number = 3, last_sequence_number = 3`,
      [appends],
    ],
    [`UPDATE nestjs_factstr_appends SET facts_hash = 'none'`, [appends]],
    [`UPDATE nestjs_factstr_appends SET command_hash = '7'`, [appends]],
    [`UPDATE nestjs_factstr_metadata SET correlation = 'other'`, [metadata]],
    [`UPDATE nestjs_factstr_metadata SET correlation = NULL`, [metadata]],
    [`UPDATE nestjs_factstr_metadata SET causation = NULL`, [metadata]],
    [`UPDATE nestjs_factstr_metadata SET metadata = '{x}'`, [metadata]],
    [`UPDATE nestjs_factstr_metadata SET metadata = '[]'`, [metadata]],
    [`UPDATE nestjs_factstr_metadata SET metadata = '{}'`, [metadata]],
    [
      `UPDATE nestjs_factstr_metadata SET causation = 2, metadata = '{"causation_id":"2","correlation_id":"c"}'`,
      [metadata],
    ],
    [
      `UPDATE nestjs_factstr_metadata SET first_sequence_number = 3, last_sequence_number = 3`,
      ['appends: nestjs_factstr_metadata 3'],
    ],
    // Streams.
    [
      `UPDATE ${cursors} SET event_query = '{"filters":[{"event_types":[7]}]}'`,
      [`cursors: ${cursors} mine`],
    ],
    [`UPDATE ${cursors} SET last_processed_sequence_number = -1`, [`cursors: ${cursors} mine`]],
    [`UPDATE nestjs_factstr_streams SET report = '{'`, ['cursors: nestjs_factstr_streams mine']],
    [`UPDATE nestjs_factstr_streams SET owner = 'me'`, ['cursors: nestjs_factstr_streams mine']],
    [
      `INSERT INTO nestjs_factstr_parked VALUES ('mine', 0, 'x', 1, '2026-01-01T00:00:00Z')`,
      ['parked: nestjs_factstr_parked mine 0'],
    ],
    [
      intervention(`'mine', 'explode', 'ann', 1, '2026-01-01T00:00:00Z'`),
      ['interventions: nestjs_factstr_interventions 1'],
    ],
    [
      intervention(`'mine', 'pause', 'ann', 1, 'noon'`),
      ['interventions: nestjs_factstr_interventions 1'],
    ],
    [
      intervention(`'mine', 'request reset 0 until 2026', 'ann', NULL, '2026-01-01T00:00:00Z'`),
      ['interventions: nestjs_factstr_interventions 1'],
    ],
    [
      intervention(`'mine', 'reset', 'ann', -5, '2026-01-01T00:00:00Z'`),
      ['interventions: nestjs_factstr_interventions 1'],
    ],
    [
      intervention(`'', 'pause', 'ann', NULL, '2026-01-01T00:00:00Z'`),
      ['interventions: nestjs_factstr_interventions 1'],
    ],
    // Objects.
    [`DROP INDEX idx_events_type`, ['objects: index idx_events_type']],
    [
      `DROP INDEX idx_events_type; CREATE INDEX idx_events_type ON events (occurred_at)`,
      ['objects: index idx_events_type'],
    ],
    [`DROP TABLE nestjs_factstr_parked`, ['objects: table nestjs_factstr_parked']],
  ] as [string, string[]][])('what it is: %s', async (sql, expected) => {
    const one = await few();
    await one.run(sql);
    expect((await found(one.target, '--deep')).toSorted()).toEqual(expected.toSorted());
  });

  it('with --deep an append’s id that speaks of other facts than were appended', async () => {
    const one = await few();
    await one.run(`UPDATE events SET payload = '{"n":7}' WHERE sequence_number = 3`);
    expect(await found(one.target, '--deep')).toContain(appends);
  });

  it('a context index that is not that of the log', async () => {
    const one = await many();
    const id = '(SELECT min(id) FROM nestjs_factstr_index_1_segments)';
    const cases: [sql: string, row: RegExp, deep?: boolean][] = [
      [
        `INSERT INTO ${CHUNKS} SELECT 7, entries FROM ${CHUNKS} LIMIT 1`,
        new RegExp(`${CHUNKS} 7$`),
      ],
      [
        `DELETE FROM ${CHUNKS} WHERE id = 7; INSERT INTO ${SEGMENTS} SELECT id + 1, first_sequence_number, last_sequence_number, entries, overflows, last_fact, fences, bloom, checksum FROM ${SEGMENTS} WHERE id = ${id}`,
        new RegExp(`${SEGMENTS} \\d+$`),
      ],
      [
        `DELETE FROM ${SEGMENTS} WHERE id = ${id} + 1; UPDATE events SET payload = '{"other":true}' WHERE sequence_number = 10`,
        new RegExp(`${SEGMENTS} \\d+$`),
        true,
      ],
      [`DELETE FROM ${SEGMENTS} WHERE id = ${id}`, new RegExp(`${CHUNKS} \\d+$`)],
    ];
    for (const [sql, row, deep] of cases) {
      await one.run(sql);
      const rows = (await found(one.target, ...(deep ? ['--deep'] : []))).filter((name) =>
        name.startsWith('index: '),
      );
      expect(rows.length).toBeGreaterThan(0);
      expect(rows[0]).toMatch(row);
    }
  });

  it('a segment of a log that was cut and has grown again', async () => {
    const one = await many();
    await one.run(`UPDATE events SET occurred_at = '2020-01-01T00:00:00Z'`);
    expect(await found(one.target)).toEqual(
      expect.arrayContaining([expect.stringMatching(`^index: ${SEGMENTS} `)]),
    );
  });

  if (isPostgres) {
    it.each([
      [
        'ALTER TABLE events ALTER COLUMN payload DROP NOT NULL',
        ['objects: column payload of events'],
      ],
      [`UPDATE events SET occurred_at = 'infinity' WHERE sequence_number = 3`, ['facts: events 3']],
      [
        `ALTER TABLE events DROP CONSTRAINT events_pkey; INSERT INTO events SELECT * FROM events WHERE sequence_number = 5`,
        ['gapless: events 5'],
      ],
    ])('what it is: %s', async (sql, expected) => {
      const one = await few();
      await one.run(sql);
      expect((await found(one.target)).toSorted()).toEqual(expected);
    });

    it('a function that is missing, or does something else', async () => {
      const one = await few();
      await one.run(`DO $$ DECLARE f text; BEGIN
FOR f IN SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE proname LIKE 'nestjs\\_factstr\\_%' LOOP
  EXECUTE 'DROP FUNCTION ' || f; END LOOP; END $$`);
      expect((await found(one.target))[0]).toMatch(/^objects: function nestjs_factstr_/);
    });
  } else {
    it.each([
      [
        `UPDATE events SET payload = '{"n":' WHERE sequence_number = 4`,
        ['facts: events 4', appends],
      ],
      [
        `UPDATE events SET payload = CAST(x'7b226e223a22ff227d' AS TEXT) WHERE sequence_number = 5`,
        ['facts: events 5'],
      ],
      [
        `UPDATE events SET event_type = CAST(x'74ff' AS TEXT) WHERE sequence_number = 5`,
        ['facts: events 5'],
      ],
      [`UPDATE events SET event_type = x'7400' WHERE sequence_number = 5`, ['facts: events 5']],
      [`UPDATE events SET occurred_at = 'now' WHERE sequence_number = 5`, ['facts: events 5']],
      [`UPDATE events SET occurred_at = '12:00' WHERE sequence_number = 5`, ['facts: events 5']],
      [
        `UPDATE append_batches SET last_sequence_number = 'x' WHERE first_sequence_number = 6`,
        ['batches: append_batches 6'],
      ],
      [`UPDATE ${cursors} SET last_processed_sequence_number = 'x'`, [`cursors: ${cursors} mine`]],
      [`UPDATE ${cursors} SET last_processed_sequence_number = 1.5`, [`cursors: ${cursors} mine`]],
      [`UPDATE nestjs_factstr_streams SET paused = 'no'`, ['cursors: nestjs_factstr_streams mine']],
      [`UPDATE nestjs_factstr_appends SET appended_at = 'soon'`, [appends]],
      [`UPDATE nestjs_factstr_appends SET last_sequence_number = 'x'`, [appends]],
    ] as [string, string[]][])('what it is, with --deep: %s', async (sql, expected) => {
      const one = await few();
      await one.run(sql);
      const rows = (await found(one.target, '--deep')).filter((row) => !row.startsWith('index: '));
      expect(rows.toSorted()).toEqual(expected.toSorted());
    });
  }
});
