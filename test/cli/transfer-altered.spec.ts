import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readBatches } from '../../lib/operations/transfer/file/file.js';
import { asynchronous } from '../../lib/streams/store-face.js';
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
const linesOf = (name: string): string[] => readFileSync(path(name), 'utf8').trimEnd().split('\n');

function write(name: string, lines: readonly string[]): void {
  writeFileSync(path(name), `${lines.join('\n')}\n`);
}

function importInto({ target }: Operated, name: string): Promise<CliRun> {
  return runCli(['import', path(name), '--database', target]);
}

/** Exports facts 1, 2 to 3, and 4, of which the second append has all that is kept of one. */
async function exported(database: Operated): Promise<string[]> {
  const store = asynchronous(database.open());
  await store.append([{ event_type: 'a', payload: { n: 1 } }]);
  await store.append(
    [
      { event_type: 'b', payload: { n: 2 } },
      { event_type: 'c', payload: { n: 3 } },
    ],
    {
      appendId: 'two',
      command: { buy: 1 },
      metadata: { causation_id: '1', correlation_id: 'c-1', by: 'ann' },
    },
  );
  await store.append([{ event_type: 'd', payload: { n: 4 } }]);
  const { code, err } = await runCli(['export', path('one'), '--database', database.target]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return linesOf('one');
}

interface Parts {
  facts: Record<string, unknown>[];
  metadata: Record<string, unknown> | null;
  append: Record<string, unknown>;
}

/** Line 3, changed by hand, as is the last line: it has no checksum. */
function altered(lines: readonly string[], alter: (parts: Parts) => void): string[] {
  const parts = JSON.parse(lines[2]!) as Parts;
  alter(parts);
  return [lines[0]!, lines[1]!, JSON.stringify(parts), lines[3]!, '{"end":"4"}'];
}

const text = (change: Record<string, unknown>) => (parts: Parts) => {
  const metadata = parts.metadata!;
  metadata['text'] = JSON.stringify({
    ...(JSON.parse(metadata['text'] as string) as object),
    ...change,
  });
};
const fact = (change: Record<string, unknown>) => (parts: Parts) => {
  Object.assign(parts.facts[0]!, change);
};
const metadata = (change: Record<string, unknown>) => (parts: Parts) => {
  Object.assign(parts.metadata!, change);
};
const append = (change: Record<string, unknown>) => (parts: Parts) => {
  Object.assign(parts.append, change);
};

/** Nested once more than a store admits. */
const deep = (): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < 128; level++) value = [value];
  return value;
};

const [SQLITE] = OPERATED;

describe('import refuses a line, by its number,', () => {
  const database = operatedDatabases(SQLITE.create);

  const times = ['yesterday', '2026-01-31', '2026-02-30T10:00:00Z', '2026-01-31T24:00:00Z', '2026-01-31T10:00:60Z', '0000-01-31T10:00:00Z', '2026-01-31 10:00:00Z', '2026-01-31T10:00:00', '2026-01-31T10:00:00.1234567891Z', '+012026-01-31T10:00:00Z', 17]; // prettier-ignore
  it.each([
    ...times.map((occurred_at) => [`occurred_at ${occurred_at}`, fact({ occurred_at }), /the occurred_at of fact 2 is no time/] as const), // prettier-ignore
    ['no type', fact({ event_type: '' }), /the event_type of fact 2 is no text/],
    ['a numeric type', fact({ event_type: 1 }), /the event_type of fact 2 is no text/],
    ['a type with U+0000', fact({ event_type: 'a\0' }), /the event_type of fact 2 contains/],
    ['a type with half a character', fact({ event_type: '\uD800' }), /the event_type of fact 2 /],
    ['a payload with U+0000', fact({ payload: { a: 'b\0' } }), /payload of fact 2 .*\$\.a/],
    ['a payload that is too deep', fact({ payload: deep() }), /payload of fact 2 .*127 levels/],
    ['no payload', fact({ payload: undefined }), /fact 2 has no payload/],
    ['a number as a number', fact({ sequence_number: 2 }), /a fact has no number/],
    ['a number beyond 2^63-1', fact({ sequence_number: '9223372036854775808' }), /no number/],
    ['a number that is taken', fact({ sequence_number: '1' }), /fact 3 stands where 2 belongs/],
    ['a fact less', ({ facts }: Parts) => void facts.pop(), /facts_hash .* is not that of its facts/], // prettier-ignore
    ['another payload', fact({ payload: { n: 7 } }), /facts_hash .* is not that of its facts/],
    ['another type', fact({ event_type: 'x' }), /facts_hash .* is not that of its facts/],
    ['an unknown member', fact({ tag: 1 }), /unknown member "tag"/],
    ['metadata that is no JSON', metadata({ text: '{' }), /no JSON object/],
    ['metadata that is a list', metadata({ text: '[]' }), /is no object/],
    ['metadata without members', metadata({ text: '{}' }), /no JSON object with members/],
    ['metadata without a text', metadata({ text: undefined }), /metadata has no text/],
    ['another correlation', metadata({ correlation: 'c-2' }), /correlation .* not the one in its text/], // prettier-ignore
    ['no correlation', metadata({ correlation: null }), /correlation .* not the one in its text/],
    ['another correlation in the text', text({ correlation_id: 'c-2' }), /correlation .* not the one/], // prettier-ignore
    ['no causation', metadata({ causation: null }), /causation .* not the one in its text/],
    ['a causation that is a number', metadata({ causation: 1 }), /neither null nor a number, as text/], // prettier-ignore
    ['a causation that is none', metadata({ causation: 'x' }), /neither null nor a number, as text/], // prettier-ignore
    ['a causation of its own', (parts: Parts) => (metadata({ causation: '2' })(parts), text({ causation_id: '2' })(parts)), /follows from fact 2, which is not before it/], // prettier-ignore
    ['a causation beyond it', (parts: Parts) => (metadata({ causation: '9' })(parts), text({ causation_id: '9' })(parts)), /follows from fact 9, which is not before it/], // prettier-ignore
    ['a numeric command_hash', append({ command_hash: 7 }), /command_hash .* SHA-256/],
    ['a short command_hash', append({ command_hash: 'ab' }), /command_hash .* SHA-256/],
    ['a short facts_hash', append({ facts_hash: 'ab' }), /facts_hash .* no SHA-256/],
    ['another facts_hash', append({ facts_hash: 'a'.repeat(64) }), /facts_hash .* not that of its facts/], // prettier-ignore
    ['no id', append({ id: '' }), /the id of its append is no text/],
    ['an appended_at', append({ appended_at: 'soon' }), /appended_at .* is no time/],
  ] as [string, (parts: Parts) => void, RegExp][])('with %s', async (_, alter, reason) => {
    const [one, other] = [await database(), await database()];
    write('one', altered(await exported(one), alter));
    const { code, out, err } = await importInto(other, 'one');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(reason);
    expect(err).toMatch(/Line 3 of .*Export the facts again/s);
    expect((await asynchronous(other.open()).query({})).event_records).toEqual([]);
  });
});

describe.each(OPERATED)('import on $provider', ({ create, provider }) => {
  const database = operatedDatabases(create);

  it('takes the lines as they were exported, with a last line by hand', async () => {
    const [one, other] = [await database(), await database()];
    write(
      'one',
      altered(await exported(one), () => undefined),
    );
    expect(await importInto(other, 'one')).toMatchObject({ code: 0, err: '' });
  });

  it('takes what a version before exported: no first fact, and no checksum', async () => {
    const [one, other] = [await database(), await database()];
    const lines = await exported(one);
    write('one', ['{"format":"nestjs-factstr facts 1"}', ...lines.slice(1, -1), '{"end":"4"}']);
    expect(await importInto(other, 'one')).toMatchObject({ code: 0, err: '' });
    // An export goes on with it.
    await asynchronous(one.open()).append([{ event_type: 'e', payload: 5 }]);
    expect(await runCli(['export', path('one'), '--database', one.target])).toMatchObject({ code: 0 }); // prettier-ignore
    expect(linesOf('one').at(-1)).toMatch(/^\{"end":"5","sha256":/);
    expect(await importInto(other, 'one')).toMatchObject({ code: 0, err: '' });
  });

  it('refuses a file that was changed, before anything is written', async () => {
    const [one, other] = [await database(), await database()];
    const lines = await exported(one);
    write('one', [...lines.slice(0, 3), lines[3]!.replace('"n":4', '"n":5'), lines[4]!]);
    const { code, err } = await importInto(other, 'one');
    expect(code).toBe(2);
    expect(err).toMatch(/was changed since it was exported: the SHA-256 in line 5/);
    expect((await asynchronous(other.open()).query({})).event_records).toEqual([]);
    // A stream has no end that could be looked at first.
    const read = async (): Promise<void> => {
      for await (const _ of readBatches(path('one'), new AbortController().signal));
    };
    await expect(read()).rejects.toThrow(/SHA-256/);
    const extended = await runCli(['export', path('one'), '--database', one.target]);
    expect(extended.code).toBe(2);
  });

  it('refuses lines that were put together from two files', async () => {
    const [one, two, other] = [await database(), await database(), await database()];
    const [header] = await exported(one);
    await asynchronous(two.open()).append([{ event_type: 'other', payload: 0 }]);
    rmSync(path('one'));
    await exported(two);
    write('one', [header!, ...linesOf('one').slice(1, -1), '{"end":"5"}']);
    const { code, err } = await importInto(other, 'one');
    expect(code).toBe(2);
    expect(err).toMatch(/Line 2 of .* first line speaks/);
    write('one', [...linesOf('one').slice(0, 2), ...linesOf('one').slice(3)]);
    write('gap', ['{"format":"nestjs-factstr facts 1"}', ...linesOf('one').slice(1)]);
    expect((await importInto(other, 'gap')).err).toMatch(/Line 3 of .* the line before it ends/);
  });

  it.each([
    ['a fact', /Line 3 of .*: fact 3 is another one in the database/, `UPDATE events SET payload = '{"n":7}' WHERE sequence_number = 3`], // prettier-ignore
    ['a time', /Line 2 of .*: fact 1 is another one in the database/, `UPDATE events SET occurred_at = '2020-01-01T00:00:00Z' WHERE sequence_number = 1`], // prettier-ignore
    ['a batch', /Line 3 of .*: facts 2 to 3 are no batch/, `DELETE FROM append_batches; DELETE FROM nestjs_factstr_appends; DELETE FROM nestjs_factstr_metadata`], // prettier-ignore
    ['metadata', /Line 3 of .*: the metadata of facts 2 to 3/, `UPDATE nestjs_factstr_metadata SET metadata = '{"by":"bob"}'`], // prettier-ignore
  ])(
    'compares all that is there already, and refuses the file for %s that is another one',
    async (_, reason, sql) => {
      const [one, other] = [await database(), await database()];
      await exported(one);
      expect(await importInto(other, 'one')).toMatchObject({ code: 0 });
      expect(await importInto(other, 'one')).toMatchObject({ code: 0 });
      await asynchronous(one.open()).append([{ event_type: 'e', payload: 5 }]);
      await runCli(['export', path('one'), '--database', one.target]);
      await other.run(sql);
      const { code, err } = await importInto(other, 'one');
      expect(code).toBe(2);
      expect(err).toMatch(reason);
      expect((await asynchronous(other.open()).query({})).event_records).toHaveLength(4);
    },
  );

  it('names the first fact in the first line, and knows another log by it', async () => {
    const [one, other] = [await database(), await database()];
    const [header] = await exported(one);
    expect(header).toMatch(/^\{"format":"nestjs-factstr facts 1","first":"1","log":"[\da-f]{32}"\}$/); // prettier-ignore
    await asynchronous(other.open()).append([{ event_type: 'other', payload: {} }]);
    const { code, err } = await runCli(['export', path('one'), '--database', other.target]);
    expect(code).toBe(2);
    expect(err).toMatch(/begins with a fact 1 .* another log/);
  });

  if (provider === 'Postgres') {
    it('refuses a type that Postgres cannot index, by its line', async () => {
      const [one, other] = [await database(), await database()];
      const lines = await exported(one);
      const parts = JSON.parse(lines[1]!) as Parts;
      parts.facts[0]!['event_type'] = 'x'.repeat(2_693);
      write('one', ['{"format":"nestjs-factstr facts 1"}', JSON.stringify(parts), ...lines.slice(2, -1), '{"end":"4"}']); // prettier-ignore
      const { code, err } = await importInto(other, 'one');
      expect(code).toBe(2);
      expect(err).toMatch(/Line 2 of .*: the type of fact 1 is longer/);
    });
  }
});
