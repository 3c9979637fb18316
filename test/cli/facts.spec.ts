import { describe, expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { golden, readQuery } from '../support/fixtures/golden.js';
import { OPERATED, operatedDatabases } from '../support/cli/operated.js';
import { jsonLines, runCli } from '../support/cli/run-cli.js';
import { until } from '../support/waiting/until.js';

interface Line {
  sequence_number: string;
  event_type: string;
  payload: unknown;
  context_version: string | null;
  head: string;
  facts: number;
}

const EVENTS: NewEvent[] = [
  { event_type: 'item-added', payload: { sku: 'a', count: 1 } },
  { event_type: 'item-added', payload: { sku: 'b', count: 2 } },
  { event_type: 'item-removed', payload: { sku: 'a' } },
  { event_type: 'item-added', payload: { sku: 'a', count: 3 } },
];

describe.each(OPERATED)('facts on $provider', ({ create }) => {
  const database = operatedDatabases(create);

  it.each([
    [[], ['1', '2', '3', '4'], '4'],
    [['--type', 'item-added'], ['1', '2', '4'], '4'],
    [['--type', 'item-added', '--type', 'item-removed', '--order', 'desc', '--limit', '2'], ['4', '3'], '4'], // prettier-ignore
    [['--where', '{"sku":"b"}'], ['2'], '2'],
    [['--where', '{"sku":"b"}', '--where', '{"count":3}'], ['2', '4'], '4'],
    [['--type', 'item-added', '--where', '{"sku":"a"}', '--order', 'desc', '--limit', '1'], ['4'], '4'], // prettier-ignore
    [['--after', '1', '--up-to', '3'], ['2', '3'], '4'],
    [['--type', 'item-removed', '--limit', '0'], [], '3'],
    [['--limit', 'all', '--where', '{"sku":"c"}'], [], null],
  ])('query %j', async (argv, numbers, version) => {
    const made = await database();
    await made.open().append(EVENTS);
    const run = await runCli(['facts', 'query', '--database', made.target, '--json', ...argv]);
    expect(run).toMatchObject({ code: 0, err: '' });
    const lines = jsonLines(run) as Line[];
    const last = lines.pop();
    expect(lines.map(({ sequence_number }) => sequence_number)).toEqual(numbers);
    expect(last).toEqual({ context_version: version, head: '4', facts: numbers.length });
  });

  it('answers FACTSTR’s reference queries as FACTSTR does, and writes nothing', async () => {
    for (const version of ['0.5.0', '0.5.2']) {
      const made = await database();
      await made.loadGolden(version);
      const before = await made.digest();
      const target = await made.readOnlyTarget();
      for (const { query, sequence_numbers, current_context_version } of golden.queries) {
        const { filters } = readQuery(query);
        // The command line has one filter, and at least one part of it.
        const [filter, ...others] = filters ?? [];
        if (filter === undefined || others.length > 0) continue;
        const { event_types, payload_predicates } = filter;
        const argv = [
          ...(event_types ?? []).flatMap((type) => ['--type', type]),
          ...(payload_predicates ?? []).flatMap((one) => ['--where', JSON.stringify(one)]),
          ...(query.min_sequence_number == null ? [] : ['--after', String(query.min_sequence_number)]), // prettier-ignore
        ];
        if (event_types?.length === 0 || payload_predicates?.length === 0) continue;
        const run = await runCli(['facts', 'query', '--database', target, '--json', ...argv]);
        const lines = jsonLines(run) as Line[];
        expect(lines.pop()?.context_version).toBe(current_context_version?.toString() ?? null);
        expect(lines.map((line) => Number(line.sequence_number))).toEqual(sequence_numbers);
      }
      expect(await made.digest()).toBe(before);
    }
  });

  it('prints payloads as they are stored, on one line, and nothing that steers a terminal', async () => {
    const made = await database();
    await made
      .open()
      .append([
        { event_type: 'odd\u202E', payload: { text: 'line\nbreak \u001B[31m \u2028 "quoted"' } },
      ]);
    const { out } = await runCli(['facts', 'query', '--database', made.target]);
    expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Zl}\p{Bidi_Control}]/u);
    expect(out.split('\n')).toHaveLength(3);
    expect(out).toMatch(/context version 1, head 1, facts shown 1\n$/);
    await made.run(
      `INSERT INTO events VALUES (2, '2026-01-01T00:00:00Z', 'large', '{"n": 12345678901234567890}')`,
    );
    const { out: large } = await runCli(['facts', 'query', '--database', made.target, '--json']);
    expect(large).toContain('12345678901234567890');
  });

  it.each([
    [['--where', '{sku']],
    [['--order', 'up']],
    [['--limit', '-1']],
    [['--after', '1.5']],
    [['--after', '9223372036854775808']],
    [['--where', '"\\u0000"']],
  ])('query refuses %j', async (argv) => {
    const made = await database();
    made.open();
    const run = await runCli(['facts', 'query', '--database', made.target, ...argv]);
    expect(run).toMatchObject({ code: 2, out: '' });
  });

  it('tail tells what is appended elsewhere, in order, and resumes without a gap', async () => {
    const made = await database();
    const store = made.open();
    await store.append(EVENTS);
    const seen: string[] = [];
    const tail = (stop: AbortController, ...argv: string[]): ReturnType<typeof runCli> =>
      runCli(['facts', 'tail', '--json', '--interval', '5', '--database', made.target, ...argv], {
        signal: stop.signal,
        onOut: (text) => seen.push((JSON.parse(text) as Line).sequence_number),
      });
    const stop = new AbortController();
    const first = tail(stop, '--after', '2', '--type', 'item-added');
    await until(
      () => seen.length === 1,
      () => `the fact that is there: ${seen.join(' ')}`,
    );
    await store.append(EVENTS);
    await until(
      () => seen.length === 4,
      () => `the facts that came: ${seen.join(' ')}`,
    );
    stop.abort();
    const { code, err } = await first;
    expect({ code, seen }).toEqual({ code: 130, seen: ['4', '5', '6', '8'] });
    expect(err).toBe('Resume with --after 8\n');
    await store.append(EVENTS);
    const again = new AbortController();
    const second = tail(again, '--after', '8', '--type', 'item-added');
    await until(
      () => seen.length === 7,
      () => `what came meanwhile: ${seen.join(' ')}`,
    );
    again.abort();
    await second;
    expect(seen.slice(4)).toEqual(['9', '10', '12']);
  });

  it('tail begins at the head, and says when the log is shorter than it was', async () => {
    const made = await database();
    await made.open().append(EVENTS);
    const run = await runCli(['facts', 'tail', '--database', made.target, '--after', '9']);
    expect(run).toMatchObject({ code: 3, out: '' });
    expect(run.err).toMatch(/newest fact is 4.*--after 4/);
  });

  it('says where there are no facts', async () => {
    const made = await database();
    await made.run('CREATE TABLE other (id integer)');
    for (const argv of [['facts', 'query'], ['stats'], ['verify']]) {
      const { code, out, err } = await runCli([...argv, '--database', made.target]);
      expect({ code, out }).toEqual({ code: 3, out: '' });
      expect(err).toMatch(/no table events/);
    }
  });
});
