import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FLOORS, drawFloors, floorOf } from './floors.js';
import { between, circleIn, readImports } from './imports.js';

/** Files that one folder holds, at most. */
const MOST = 12;
/** Where one subject has some more of them. */
const LARGER: Readonly<Record<string, number>> = { 'lib/module/handlers': 14 };

/** The insides of other floors that an extra imports still; each line is a seam that is missing. */
const REACHED_BY_EXTRAS: readonly string[] = [
  'cursors/sql',
  'projections/delivery',
  'stores/postgres/connection',
  'stores/sqlite/connection',
  'stores/sqlite/cursors',
];

const imports = readImports('lib');

describe('A folder of lib', () => {
  it('holds no more files than one subject needs', () => {
    const counts = new Map<string, number>();
    for (const file of imports.keys())
      counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const full = [...counts].filter(([folder, count]) => count > (LARGER[folder] ?? MOST));
    expect(full).toEqual([]);
  });

  it('lies on a floor', () => {
    const files = [...imports.keys()].filter((file) => dirname(file) !== 'lib');
    expect(files.filter((file) => floorOf(file) === undefined)).toEqual([]);
  });
});

describe('Imports', () => {
  it('form no circle of files, types included', () => {
    expect(circleIn(imports)).toBeUndefined();
  });

  it('point downwards only', () => {
    const height = new Map(FLOORS.flatMap((floor, index) => floor.map((name) => [name, index])));
    const upward: string[] = [];
    for (const [file, imported] of imports) {
      const from = floorOf(file);
      if (from === undefined) continue;
      for (const other of imported) {
        const to = floorOf(other);
        const isDown = to === from || (to && height.get(to)! < height.get(from)!);
        if (!isDown) upward.push(`${file} imports ${other}`);
      }
    }
    expect(upward).toEqual([]);
  });

  it.each(FLOORS.flat())('between the folders within %s form no circle', (floor) => {
    // The files that lie in the floor's own folder may be imported by those below it, and import them.
    const folders = between(imports, (file) => {
      if (floorOf(file) !== floor) return undefined;
      const [folder, rest] = file.slice(`lib/${floor}/`.length).split('/');
      return rest === undefined ? undefined : folder;
    });
    expect(circleIn(folders)).toBeUndefined();
  });

  it('of an extra reach no other insides than those that are known', () => {
    const reached = new Set<string>();
    for (const [file, imported] of imports) {
      if (floorOf(file) !== 'typeorm') continue;
      for (const other of imported) {
        const folder = dirname(other).slice('lib/'.length);
        if (/\/(connection|cursors|sql|delivery|runner|append|index|log|schema)$/.test(folder))
          reached.add(folder);
      }
    }
    expect([...reached].toSorted()).toEqual(REACHED_BY_EXTRAS);
  });
});

describe('A suite', () => {
  it('uses no other suite’s helpers: what several use lies in test/support', () => {
    const used: string[] = [];
    for (const [file, imported] of readImports('test')) {
      const suite = suiteOf(file);
      if (suite === undefined) continue;
      for (const other of imported) {
        const owner = suiteOf(other);
        // A suite of tests that runs for several providers is one for others too.
        const isShared = owner === undefined || owner === 'support' || other.includes('/suites/');
        if (owner !== suite && !isShared) used.push(`${file} imports ${other}`);
      }
    }
    expect(used).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('shows the floors as they are: npm run house draws them', () => {
    const page = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');
    expect(page).toContain(drawFloors(imports));
  });

  it('names places that are there', () => {
    const page = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');
    const named = [...page.matchAll(/`((?:lib|test|docs)\/[\w./-]+)`/g)].map(([, path]) => path!);
    const floors = FLOORS.flat().map((floor) => floor.split('/')[0]!);
    const short = [...page.matchAll(/`((?:[a-z-]+\/)+[\w.-]+)`/g)]
      .map(([, path]) => path!)
      .filter((path) => floors.includes(path.split('/')[0]!));
    const gone = (path: string): boolean => !existsSync(new URL(`../../${path}`, import.meta.url));
    expect(named.filter(gone)).toEqual([]);
    expect(short.filter((path) => gone(`lib/${path}`) && gone(`lib/${path}.ts`))).toEqual([]);
    expect(named.length + short.length).toBeGreaterThan(30);
  });
});

describe('The search for circles', () => {
  it('finds one, of any length', () => {
    expect(circleIn(new Map([['a', ['b']]]))).toBeUndefined();
    expect(circleIn(new Map([['a', ['b']], ['b', ['c']], ['c', ['b']]]))).toEqual(['b', 'c', 'b']); // prettier-ignore
    expect(circleIn(new Map([['a', ['a']]]))).toEqual(['a', 'a']);
  });
});

/** The folder of `test` that a file lies in; none for what lies in `test` itself, or elsewhere. */
function suiteOf(file: string): string | undefined {
  return /^test\/([^/]+)\//.exec(file)?.[1];
}
