import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = readdirSync(root).filter((name) => name.endsWith('.md'));

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('names files that are there', () => {
    const named = [
      ...text.matchAll(/`((?:lib|test|docs|sample)\/[\w./-]+|\.ci\/\w+|[\w.]+\.js(?:on)?)`/g),
    ];
    expect(named.map(([, path]) => path!).filter((path) => !existsSync(join(root, path)))).toEqual(
      [],
    );
  });

  it('links to pages, and parts of pages, that are there', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
    const broken = links.filter(([, path, part]) => {
      const target = path === '' ? page : posix.join(dirname(page), path!);
      if (!existsSync(join(root, target))) return true;
      return part !== undefined && !anchorsOf(read(target)).includes(part);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it('names scripts of npm that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run (?:-\w+ )*([\w:]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('The trips of ARCHITECTURE.md', () => {
  const hops = [...read('ARCHITECTURE.md').matchAll(/^(\d+)\. `([\w./-]+)` `([\w.#]+)`/gm)];

  it('name functions that are where they say', () => {
    const gone = hops.filter(([, , path, name]) => {
      const code = read(`lib/${path}.ts`);
      const [first, method] = name!.split('.');
      const isThere = new RegExp(`(class|function\\*?) ${first}\\b`).test(code);
      return !isThere || (method !== undefined && !declares(code, method));
    });
    expect(gone.map(([hop]) => hop)).toEqual([]);
  });

  it('are as long as their titles say', () => {
    const titles = [...read('ARCHITECTURE.md').matchAll(/^### (.+): (\d+) hops$/gm)];
    const parts = read('ARCHITECTURE.md').split(/^### /m).slice(1);
    expect(titles).toHaveLength(4);
    for (const [, title, count] of titles) {
      const part = parts.find((each) => each.startsWith(title!))!;
      const numbers = [...part.matchAll(/^(\d+)\. `/gm)].map(([, number]) => Number(number));
      expect({ title, last: numbers.at(-1) }).toEqual({ title, last: Number(count) });
      expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
    }
  });
});

/** Whether a class of the file declares a method: its name at the beginning of a member, not a call. */
function declares(code: string, method: string): boolean {
  return new RegExp(
    `^  (?:(?:static|protected|override|async|get) |\\*)*${method}(?:<[^(]*>)?\\(`,
    'm',
  ).test(code);
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
