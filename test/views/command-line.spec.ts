import { readFileSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jsonLines, runCli } from '../support/cli/run-cli.js';
import { FACTS_OF_CALL, callOf } from './support/calls.js';
import { TestViews } from './support/views.js';

const HEAD = String(FACTS_OF_CALL);

describe('The command line on the file of a view', () => {
  let views: TestViews;
  let file: string;
  let before: Buffer;

  beforeEach(() => {
    views = new TestViews();
    file = views.file();
    const view = views.open('sqlite', 'view.sqlite');
    view.apply(callOf(1), '1');
    view.close();
    before = readFileSync(file);
  });

  afterEach(() => {
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(readdirSync(views.file('.')).filter((name) => name.startsWith('view'))).toEqual(['view.sqlite']); // prettier-ignore
    views.dispose();
  });

  it.each([
    ['facts query --limit 1 --json', { context_version: HEAD, head: HEAD, facts: 1 }],
    ['stats --json', expect.objectContaining({ head: HEAD })],
    ['verify --deep --json', expect.objectContaining({ head: HEAD })],
    ['export - --json', expect.objectContaining({ end: HEAD })],
  ])('reads it, and says that it is one: %s', async (command, last) => {
    const run = await runCli([...command.split(' '), '--database', file]);
    expect({ code: run.code, err: run.err }).toEqual({
      code: 0,
      err: expect.stringContaining(`${file} is a view: a copy of another log`),
    });
    expect(jsonLines(run).at(-1)).toEqual(last);
  });

  it('exports it to a store', async () => {
    const [exported, store] = [views.file('facts.ndjson'), views.file('store.sqlite')];
    expect((await runCli(['export', exported, '--database', file])).code).toBe(0);
    expect((await runCli(['import', exported, '--database', store])).code).toBe(0);
    const [one, other] = [file, store].map((each) =>
      runCli(['export', '-', '--json', '--database', each]),
    );
    expect((await other!).out).toBe((await one!).out);
  });

  it.each([
    ['projections', 'which has no projections: those of a log on NATS keep their cursors'],
    ['projections pause seats', 'Use FactstrProjections or the page of the application'],
    ['projections rebuild seats', 'Use FactstrProjections or the page of the application'],
    ['schema diff', 'which its process makes and completes'],
    ['migrate', 'remove the file: it is made anew. Nothing was changed.'],
  ])('is refused it, and says what to do: %s', async (command, words) => {
    const { code, out, err } = await runCli([...command.split(' '), '--database', file]);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(`${file} is a view, `);
    expect(err).toContain(words);
  });

  it('does not import into it', async () => {
    const exported = views.file('facts.ndjson');
    await runCli(['export', exported, '--database', file]);
    const { code, err } = await runCli(['import', exported, '--database', file]);
    expect(code).toBe(3);
    expect(err).toContain(
      'is a view: a copy of another log, which it follows. Nothing was changed',
    );
  });

  it('waits for the process that has it open, and says what to do', async () => {
    const view = views.open('sqlite', 'view.sqlite');
    try {
      const { code, err } = await runCli(['stats', '--database', file]);
      expect(code).toBe(3);
      expect(err).toContain('If it is the view of a process');
    } finally {
      view.close();
    }
  });
});
