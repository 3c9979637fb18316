import { format } from 'prettier';
import { NAMES } from '../contestants/contestants.mjs';
import { workloads } from '../workloads/workloads.mjs';
import { cell } from './cells.mjs';
import { tableRow } from './table.mjs';
import { targetsTable } from './targets.mjs';

const PLOT = [
  '## Cost against the size of the store',
  '',
  '![The time of query and appendIf on a narrow context, by the number of facts in the store](benchmarks.svg)',
  '',
];

/** The page, as Markdown. */
export async function report(results, about) {
  const { options, missing, notes } = about;
  const lines = [
    '# Benchmarks',
    '',
    '<!-- Written by `npm run bench`: change that, not this. -->',
    '',
    `${about.processor}, ${about.cores} cores, ${about.gigabytes} GB; Node ${about.node.slice(1)}, SQLite ${about.sqlite}${about.postgres === undefined ? '' : `, Postgres ${about.postgres.split(' ')[0]} on the same machine`}; ${about.date}; ${about.minutes.toFixed(0)} minutes.`,
    '',
    `Everybody in turns: ${options.rounds} rounds of ${options.milliseconds} ms each, beginning with another one each time. Values are medians of the rounds, ratios medians of each round’s ratio. Facts have about 150 bytes. Durability is on for everybody: SQLite \`synchronous=FULL\` (emmett-sqlite has one connection, which is kept: faster than its default), Postgres \`fsync\` and \`synchronous_commit\` on, the same settings and server, a database each. After every measurement the store must have the facts that were reported as committed, and every contestant’s verdicts are tried first. **Bold**: times the floor, or where there is none, our store. n: operations, all rounds; what is slow does fewer.`,
    '',
    ...missing.map((what) => `Left out: ${what}.\n`),
    'Stores that several machines share, and the relay: [beyond one machine](benchmarks-beyond.md).',
    '',
    '## Targets',
    '',
    ...targetsTable(results, options),
    '',
    ...(results.some(({ workload }) => workload === 'decide') ? PLOT : []),
    ...workloads.flatMap((workload) => section(workload, results)),
    ...(notes.length === 0 ? [] : ['## Failures', '', ...notes.map((note) => `- ${note}`), '']),
  ];
  return format(lines.join('\n'), { parser: 'markdown' });
}

function section({ id, title, about }, results) {
  const own = results.filter(({ workload }) => workload === id);
  if (own.length === 0) return [];
  const ids = Object.keys(NAMES).filter((name) => own.some((result) => result.id === name));
  const rows = rowsOf(own);
  return [
    `## ${title}`,
    '',
    about,
    '',
    tableRow(['', ...ids.map((name) => NAMES[name])]),
    tableRow(['---', ...ids.map(() => '---:')]),
    ...[...rows].map(([name, row]) =>
      tableRow([
        name,
        ...ids.map((one) =>
          cell(
            row.find((result) => result.id === one),
            row,
          ),
        ),
      ]),
    ),
    '',
  ];
}

/** Results of one case, by its name. */
function rowsOf(results) {
  const rows = new Map();
  for (const result of results) {
    const name = `${result.engine}, ${result.case}`;
    rows.set(name, [...(rows.get(name) ?? []), result]);
  }
  return rows;
}
