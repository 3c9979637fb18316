import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { asynchronous } from '../../lib/streams/store-face.js';
import { OPERATED, operatedDatabases } from '../support/cli/operated.js';
import type { Operated } from '../support/cli/operated.js';
import { runCli } from '../support/cli/run-cli.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'factstr-transfer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string): string => join(folder, name);

async function good(...argv: string[]): Promise<string> {
  const { code, out, err } = await runCli(argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

const fails = (...argv: string[]): ReturnType<typeof runCli> => runCli(argv);

const EVENTS: NewEvent[] = [
  { event_type: 'a', payload: { z: 1, a: [1.5, 1e21, -2.5e-7, 0.1, 1e-7, 5e300], 'b b': null } },
  { event_type: 'größe', payload: { text: 'line\nbreak "quoted" \\ 🐎  \u007F', nested: { b: {}, a: [] } } }, // prettier-ignore
  { event_type: 'c', payload: 17 },
  { event_type: 'c', payload: 'plain' },
];

/** Batches of one and more, ids that expire and that do not, metadata with a cause. */
async function fill(database: Operated): Promise<void> {
  const store = asynchronous(database.open());
  await store.append(EVENTS);
  await store.append([EVENTS[0]!], { appendId: 'one', metadata: { by: 'me', correlation: 'c-1' } });
  await store.append(EVENTS.slice(1), { appendId: 'two', metadata: { causation: '5' } });
  await store.append([EVENTS[2]!], { appendId: 'for ever' });
  const never = database.target.startsWith('postgres') ? "'infinity'" : '9223372036854775807';
  await database.run(
    `UPDATE nestjs_factstr_appends SET appended_at = ${never} WHERE append_id = 'for ever'`,
  );
}

const pairs = OPERATED.flatMap((from) => OPERATED.map((to) => ({ from, to })));

describe.each(pairs)('export and import from $from.provider to $to.provider', ({ from, to }) => {
  const source = operatedDatabases(from.create);
  const target = operatedDatabases(to.create);

  it('export the same bytes again', async () => {
    const [one, other] = [await source(), await target()];
    await fill(one);
    expect(await good('export', path('one'), '--database', one.target)).toMatch(
      /^9 facts exported in .*; head 9\n$/,
    );
    await good('import', path('one'), '--database', other.target);
    await good('export', path('other'), '--database', other.target);
    expect(readFileSync(path('other'), 'utf8')).toBe(readFileSync(path('one'), 'utf8'));
    await good('verify', '--deep', '--database', other.target);
    const [stored, moved] = [asynchronous(one.open()), asynchronous(other.open())];
    const query = { filters: [{ payload_predicates: [{ z: 1 }] }] };
    const numbers = async (store: typeof stored) =>
      (await store.query(query)).event_records.map(({ sequence_number, payload }) => [
        sequence_number,
        payload,
      ]);
    expect(await numbers(moved)).toEqual(await numbers(stored));
    // The append is known by its id.
    expect(
      await moved.append(EVENTS.slice(1), { appendId: 'two', metadata: { causation: '5' } }),
    ).toMatchObject({ first_sequence_number: 6n, last_sequence_number: 8n });
    expect(await moved.append([EVENTS[0]!])).toMatchObject({ first_sequence_number: 10n });
  });

  it('move what FACTSTR wrote, and tell how many times lose decimals', async () => {
    for (const version of ['0.5.0', '0.5.2']) {
      const [one, other] = [await source(), await target()];
      await one.loadGolden(version);
      const before = await one.digest();
      await good('export', path(version), '--database', await one.readOnlyTarget());
      expect(await one.digest()).toBe(before);
      const out = await good('import', '--json', path(version), '--database', other.target);
      const { shortenedTimes, facts } = JSON.parse(out) as Record<string, number>;
      const loses = from.provider === 'SQLite' && to.provider === 'Postgres';
      expect(shortenedTimes! > 0).toBe(loses);
      expect(shortenedTimes).toBeLessThanOrEqual(facts!);
      await good('export', path(`${version}-moved`), '--database', other.target);
      const text = (name: string): string =>
        readFileSync(path(name), 'utf8').replace(/,"sha256":.*/, '').replaceAll(/(\.\d{6})\d+Z/g, '$1Z').replaceAll(/\.?0+Z/g, 'Z'); // prettier-ignore
      expect(text(`${version}-moved`)).toBe(text(version));
      await good('verify', '--deep', '--database', other.target);
    }
  });

  it('go on where they were interrupted', async () => {
    const [one, other] = [await source(), await target()];
    const store = asynchronous(one.open());
    for (let n = 0; n < 30; n++) {
      await store.append(Array.from({ length: 150 }, (_, index) => ({ event_type: 'n', payload: { n, index } }))); // prettier-ignore
    }
    await good('export', path('all'), '--database', one.target);
    const whole = readFileSync(path('all'));
    // A line that was cut off.
    writeFileSync(path('cut'), whole);
    truncateSync(path('cut'), Math.floor(whole.length / 2));
    await good('import', path('all.part'), '--database', other.target).catch(() => undefined);
    await good('export', path('cut'), '--database', one.target);
    expect(readFileSync(path('cut')).equals(whole)).toBe(true);

    const lines = whole.toString().split('\n');
    writeFileSync(path('part'), `${lines.slice(0, 11).join('\n')}\n{"end":"1500"}\n`);
    await good('import', path('part'), '--database', other.target);
    const out = await good('import', '--json', path('all'), '--database', other.target);
    expect(JSON.parse(out)).toMatchObject({ facts: 3_000, skipped: 1_500, head: '4500' });
    await good('export', path('moved'), '--database', other.target);
    expect(readFileSync(path('moved')).equals(whole)).toBe(true);
  });
});

describe.each(OPERATED)('import on $provider', ({ create }) => {
  const database = operatedDatabases(create);

  it('refuses what does not follow the log, and writes nothing of it', async () => {
    const [one, other] = [await database(), await database()];
    await fill(one);
    await good('export', path('one'), '--database', one.target);
    const store = asynchronous(other.open());
    await store.append([{ event_type: 'other', payload: {} }]);
    const refused = await fails('import', path('one'), '--database', other.target);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect((await store.query({})).event_records).toHaveLength(1);
    const extended = await fails('export', path('one'), '--database', other.target);
    expect(extended.code).toBe(2);
    expect(extended.err).toMatch(/another log/);

    const lines = readFileSync(path('one'), 'utf8').split('\n');
    const [header, end] = ['{"format":"nestjs-factstr facts 1"}', '{"end":"9"}\n'];
    writeFileSync(path('later'), [header, ...lines.slice(2, -2), end].join('\n'));
    const empty = await database();
    const later = await fails('import', path('later'), '--database', empty.target);
    expect(later.code).toBe(2);
    expect(later.err).toMatch(/head is 0, and the file goes on with fact 5/);
    writeFileSync(path('wrong'), [header, lines[1], '{"facts":[{"sequence_number":"5"', ...lines.slice(3, -2), end].join('\n')); // prettier-ignore
    const wrong = await fails('import', path('wrong'), '--database', empty.target);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toMatch(/Line 3 of /);
    writeFileSync(path('none'), 'hello\n');
    expect(await fails('import', path('none'), '--database', empty.target)).toMatchObject({ code: 2 }); // prettier-ignore
    expect(await fails('import', path('missing'), '--database', empty.target)).toMatchObject({ code: 2 }); // prettier-ignore
    expect(existsSync(path('missing'))).toBe(false);
  });

  it('goes to stdout, and ends with 130 when it is interrupted', async () => {
    const one = await database();
    await fill(one);
    const { code, out } = await runCli(['export', '-', '--database', one.target]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\{"format":"nestjs-factstr facts 1",.*\}\n\{"facts":\[/);
    const signal = AbortSignal.abort();
    const run = await runCli(['export', path('one'), '--database', one.target], { signal });
    expect(run.code).toBe(130);
  });
});
