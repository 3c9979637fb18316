import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidOptionsError, StorageError } from '../../lib/contract/errors.js';
import { facts } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { TestFolder } from '../support/sqlite/folder.js';

let folder: TestFolder;

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(() => folder.dispose());

describe('A path', () => {
  it.each(['', ':memory:', ' :memory: '])(
    'of no file (%j) is refused for the memory store',
    async (path) => {
      const error = await errorOf(() => folder.open({}, path));
      expect(error).toBeInstanceOf(InvalidOptionsError);
      expect(error.message).toContain('FactstrMemoryStore');
    },
  );

  it.each([null, 7, 'file:facts.sqlite', 'facts.sqlite ', 'a\0b'])(
    '%j is refused',
    async (path) => {
      const error = await errorOf(() => folder.open({}, path as string));
      expect(error).toBeInstanceOf(InvalidOptionsError);
    },
  );

  it('of a folder is refused', async () => {
    expect(await errorOf(() => folder.open({}, folder.path))).toBeInstanceOf(InvalidOptionsError);
  });

  it.each([
    ['file', 'f'.repeat(248)],
    ['file', 'f'.repeat(255)],
    ['file', 'é'.repeat(124)],
    ['folder', `${'d'.repeat(256)}/facts.sqlite`],
    ['whole', `${`${'d'.repeat(100)}/`.repeat(5)}facts.sqlite`],
  ])('that is too long (its %s) is refused before anything is made', async (_, name) => {
    const error = await errorOf(() => folder.open({}, folder.file(name)));
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error.message).toMatch(/path has .*\d+ bytes/);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('that is too long behind a symbolic link is refused', async () => {
    const long = folder.file(`${'d'.repeat(200)}/${'d'.repeat(200)}`);
    mkdirSync(long, { recursive: true });
    symlinkSync(long, folder.file('short'));
    const error = await errorOf(() => folder.open({}, folder.file(`short/${'f'.repeat(100)}`)));
    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error.message).toMatch(/path has .*\d+ bytes/);
  });

  it('may be as long as SQLite takes it', () => {
    folder.open({}, folder.file('f'.repeat(247))).append(facts(1));
    const begin = folder.file('d'.repeat(240));
    const rest = 504 - Buffer.byteLength(`${begin}/`);
    folder.open({}, join(begin, 'f'.repeat(rest > 247 ? 247 : rest))).append(facts(1));
  });

  it('of no regular file is refused', async () => {
    const error = await errorOf(() => folder.open({}, '/dev/null'));
    expect(error).toBeInstanceOf(InvalidOptionsError);
  });

  it('below a file is refused', async () => {
    writeFileSync(folder.file('a file'), '');
    const path = folder.file('a file/facts.sqlite');
    expect(await errorOf(() => folder.open({}, path))).toBeInstanceOf(StorageError);
  });
});

describe.each([
  { busyTimeout: -1 },
  { busyTimeout: 1.5 },
  { pollInterval: 0 },
  { maxQueuedAppends: 0 },
  { pollInterval: '25' as unknown as number },
])('The options %j', (options) => {
  it('are refused', async () => {
    expect(await errorOf(() => folder.open(options))).toBeInstanceOf(InvalidOptionsError);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
