// Writes the picture of the floors into ARCHITECTURE.md: npm run house
import { readFileSync, writeFileSync } from 'node:fs';
import { drawFloors } from './floors.js';
import { readImports } from './imports.js';

const page = new URL('../../ARCHITECTURE.md', import.meta.url);
const text = readFileSync(page, 'utf8');
const drawn = text.replace(
  /(<!-- floors: drawn by npm run house -->\n\n)[\s\S]*?(\n\n<!-- \/floors -->)/,
  (_, before: string, after: string) => `${before}${drawFloors(readImports('lib'))}${after}`,
);
writeFileSync(page, drawn);
