import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { areas } from './areas.js';
import { flat } from './score.js';

/** Whether their mutants survive is seen by `npm run test:mutants`; that they mean something, here. */
describe('The list of equivalent mutants', () => {
  const entries = areas.flatMap(({ equivalents }) => equivalents);

  it('names places that are there, each with its reason', () => {
    const sources = new Map<string, string>();
    const sourceOf = (file: string): string => {
      const url = new URL(`../../${file}`, import.meta.url);
      const source = sources.get(file) ?? flat(readFileSync(url, 'utf8'));
      sources.set(file, source);
      return source;
    };
    const gone = entries.filter(({ file, from }) => !sourceOf(file).includes(flat(from)));
    expect(gone).toEqual([]);
    expect(entries.filter(({ from, to }) => flat(from) === flat(to))).toEqual([]);
    expect(entries.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });

  it('names each once', () => {
    const keys = entries.map(({ file, from, to }) => `${file}\n${flat(from)}\n${flat(to)}`);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });
});
