import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { mutations } from './mutations.js';

/** The mutations themselves take minutes: `npm run test:mutations`. That they still say something is shown here. */
describe('The mutations', () => {
  it.each(mutations)('$name still applies to $file', ({ file, find, replace }) => {
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(source.split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
  });

  it('have names of their own', () => {
    expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
  });
});
