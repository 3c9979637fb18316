import { afterEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../support/cli/run-cli.js';
import { TestFolder } from '../support/sqlite/folder.js';

const folders: TestFolder[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.dispose();
});

function folder(): TestFolder {
  const made = new TestFolder();
  folders.push(made);
  return made;
}

describe('The command line', () => {
  it.each([[['--help']], [['help']], [['stats', '--help']]])('prints help: %j', async (argv) => {
    const { code, out, err } = await runCli(argv);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^Usage: nestjs-factstr/);
    expect(out).toContain('--database <url|file>');
  });

  it('prints the version', async () => {
    const { code, out } = await runCli(['--version']);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });

  it.each([
    [[], /^Usage/],
    [['stats', '--jsno'], /unknown option '--jsno'[\s\S]*Did you mean --json/],
    [['stat'], /unknown command 'stat'[\s\S]*Did you mean stats/],
    [['stats', 'more'], /too many arguments/],
    [['stats', '--database'], /argument missing/],
    [['stats'], /^error: Which database\? .*FACTSTR_DATABASE/],
    [['stats', '--database', 'mysql://root:secret@host/x'], /postgres:\/\/user:password@host/],
    [['stats', '--database', ':memory:'], /SQLite file/],
  ])('refuses %j with 2', async (argv, words) => {
    const { code, out, err } = await runCli(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(words);
    expect(err).not.toContain('secret');
  });

  it('takes the database from the option, before or after the command, or from the environment', async () => {
    const place = folder();
    place.open().append([{ event_type: 'a', payload: {} }]);
    const runs = await Promise.all([
      runCli(['stats', '--json', '--database', place.file()]),
      runCli(['--database', place.file(), 'stats', '--json']),
      runCli(['stats', '--json'], { env: { FACTSTR_DATABASE: place.file() } }),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(runs.map(({ out }) => JSON.stringify(JSON.parse(out).types))).size).toBe(1);
  });

  it('ends with 3 where the database is not reached, and names it without its password', async () => {
    const missing = await runCli(['stats', '--database', folder().file('none.sqlite')]);
    expect(missing.code).toBe(3);
    expect(missing.err).toMatch(/^error: There is no file .*none\.sqlite/);
    const refused = await runCli(['stats', '--database', 'postgres://u:secret@127.0.0.1:1/facts']);
    expect(refused).toMatchObject({ code: 3, out: '' });
    expect(refused.err).toMatch(/database "facts" on 127\.0\.0\.1:1/);
    expect(refused.err).not.toContain('secret');
  });

  it('ends with 130 when it is interrupted', async () => {
    const place = folder();
    place.open();
    const { code, out } = await runCli(['stats', '--database', place.file()], {
      signal: AbortSignal.abort(),
    });
    expect({ code, out }).toEqual({ code: 130, out: '' });
  });
});
