import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import type { AreaScore } from './score.js';

/** The least share of an area's mutants that tests have to notice. */
const LEAST = 0.85;
const DOCS = 'docs/reliability.md';
const MARKS = [
  '<!-- mutants: written by npm run test:mutants -- --docs -->',
  '<!-- /mutants -->',
] as const;

/** Prints scores and survivors. Whether each area reaches the least, and has no survivor that is not listed. */
export function show(scores: ReadonlyMap<string, AreaScore>): boolean {
  let complete = true;
  for (const [area, { files, unlisted, stale }] of scores) {
    for (const { file, line, from, to, uncovered } of unlisted) {
      console.log(`\n// ${area}: survived${uncovered ? ', no test passes it' : ''}, line ${line}`);
      console.log(
        `{\n  file: ${quoted(file)},\n  from: ${quoted(from)},\n  to: ${quoted(to)},\n  reason: '',\n},`,
      );
    }
    for (const { from, file } of stale) {
      console.log(`\n${area}: no survivor is meant by the entry ${quoted(from)} of ${file}`);
    }
    console.log('');
    for (const { file, mutants, noticed } of files) {
      console.log(`${percent(noticed, mutants).padStart(7)}  ${noticed} of ${mutants}  ${file}`);
    }
    const { mutants, noticed } = total(files);
    if (noticed / mutants < LEAST || unlisted.length > 0 || stale.length > 0) complete = false;
  }
  console.log(`\n${table(scores)}`);
  return complete;
}

/** Puts the table between the marks of the page. */
export async function writeDocs(scores: ReadonlyMap<string, AreaScore>): Promise<void> {
  const page = await readFile(DOCS, 'utf8');
  const [before, rest] = page.split(MARKS[0]) as [string, string];
  const after = rest.split(MARKS[1])[1]!;
  const written = `${before}${MARKS[0]}\n\n${table(scores)}\n\n${MARKS[1]}${after}`;
  await writeFile(DOCS, await format(written, { ...(await resolveConfig(DOCS)), filepath: DOCS }));
}

function table(scores: ReadonlyMap<string, AreaScore>): string {
  const rows = [...scores].map(([area, { files, equivalent, unlisted }]) => {
    const { mutants, noticed } = total(files);
    return [area, mutants, noticed, percent(noticed, mutants), equivalent, unlisted.length];
  });
  const sum = (column: number): number => rows.reduce((all, row) => all + Number(row[column]), 0);
  rows.push(['all', sum(1), sum(2), percent(sum(2), sum(1)), sum(4), sum(5)]);
  const heads = ['area', 'mutants', 'noticed', 'score', 'equivalent', 'neither'];
  return [heads, heads.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

function total(files: AreaScore['files']): { mutants: number; noticed: number } {
  return {
    mutants: files.reduce((all, { mutants }) => all + mutants, 0),
    noticed: files.reduce((all, { noticed }) => all + noticed, 0),
  };
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

/** As the formatter writes texts. */
function quoted(text: string): string {
  if (!text.includes("'")) return `'${text.replaceAll('\\', '\\\\')}'`;
  return JSON.stringify(text);
}
