// Repeats real faults and counts what came of them:
//   npm run test:faults -- --minutes 10 --seed 1 [--only name,name] [--json file] [--list]
//   npm run test:faults -- --seed 1 --replay name/provider/run
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startPostgresServer } from '../support/postgres-server.mjs';
import { allParts } from './support/parts.js';
import { labelOf, play } from './support/play.js';
import type { Part, Played } from './support/play.js';
import type { Round } from './support/round.js';
import { shared } from './support/shared.js';
import { addTally, emptyTally, isClean } from './support/tally.js';
import { allClean, tableOf } from './support/table.js';
import type { Row } from './support/table.js';

/** A run that takes longer hangs. In milliseconds. */
const TIME_LIMIT = 4 * 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    json: { type: 'string' },
    replay: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes} is no time.`);
const seed = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
if (!Number.isSafeInteger(seed)) throw new Error(`--seed ${values.seed} is no whole number.`);
const [replayed, replayedRun] = replayOf(values.replay);
const parts = chosenParts();

const rows = new Map<Part, Row>(
  parts.map((part) => {
    const { scenario, provider } = part;
    const missing = scenario.missing?.(provider);
    return [
      part,
      {
        fault: scenario.fault,
        scenario: scenario.name,
        provider,
        ...(missing === undefined ? {} : { missing }),
        runs: 0,
        milliseconds: 0,
        tally: emptyTally(),
      },
    ];
  }),
);
const failures: { replay: string; tally: Played['tally']; notes: readonly string[] }[] = [];
const began = performance.now();
let current: Round | undefined;
let ending: Promise<void> | undefined;
const isEnding = (): boolean => ending !== undefined;

if (values.list) {
  for (const { scenario, provider, missing } of rows.values()) {
    console.log(`${scenario}/${provider}${missing === undefined ? '' : `: left out, ${missing}`}`);
  }
} else {
  await main();
}

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      console.log(`\n${signal}: cleaning up`);
      ending ??= end(130);
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      const text = `${event}: ${(error as Error)?.stack ?? String(error)}`;
      if (current === undefined) console.log(text);
      else current.unexpected(text);
    });
  }
  console.log(`seed ${seed}, ${replayed === undefined ? `${minutes} minutes` : values.replay}`);
  for (const { scenario, provider, missing } of rows.values()) {
    if (missing !== undefined) console.log(`${scenario}/${provider} is left out: ${missing}`);
  }
  if (process.env['FACTSTR_TEST_POSTGRES_URL'] === undefined) {
    const server = await startPostgresServer();
    shared.later(() => server.end());
    process.env['FACTSTR_TEST_POSTGRES_URL'] = server.url;
  }
  try {
    await loop();
  } finally {
    await (ending ??= end(allClean([...rows.values()]) ? 0 : 1));
  }
}

/** The part that has had the least time comes next, so that each gets the same share of it. */
async function loop(): Promise<void> {
  const deadline = began + minutes * 60_000;
  const playable = [...rows].filter(([, { missing }]) => missing === undefined);
  while (!isEnding() && playable.length > 0) {
    const [part, row] = playable.reduce((least, next) =>
      next[1].milliseconds < least[1].milliseconds ? next : least,
    );
    // Each has its turn, however short the time.
    if (row.runs > 0 && performance.now() > deadline) return;
    await turn(part, row, replayedRun ?? row.runs + 1);
    if (replayed !== undefined) return;
  }
}

async function turn(part: Part, row: Row, run: number): Promise<void> {
  const played = await play(part, {
    seed,
    run,
    short: values.short,
    timeLimit: TIME_LIMIT,
    began: (round) => (current = round),
  });
  if (isEnding()) return;
  row.runs++;
  row.milliseconds += played.milliseconds;
  addTally(row.tally, played.tally);
  const { acknowledged, faults } = played.tally;
  const seconds = (played.milliseconds / 1_000).toFixed(1);
  const verdict = isClean(played.tally) ? 'ok' : 'FAILED';
  console.log(
    `${verdict} ${labelOf(part)}/${run}: ${faults} faults, ${acknowledged} acknowledged, ${seconds} s`,
  );
  if (isClean(played.tally)) return;
  const replay = `--seed ${seed} --replay ${labelOf(part)}/${run}${values.short ? ' --short' : ''}`;
  failures.push({ replay, tally: played.tally, notes: played.notes });
  for (const line of [...played.notes, ...played.tally.unexpected].slice(0, 8)) {
    console.log(`  ${line.replaceAll('\n', '\n  ').slice(0, 2_000)}`);
  }
  console.log(`  again: npm run test:faults -- ${replay}`);
}

/** Ends what still runs, and tells. */
async function end(code: number): Promise<void> {
  await current?.dispose();
  await shared.dispose();
  const all = [...rows.values()];
  const took = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(`\n${tableOf(all)}\n`);
  console.log(`seed ${seed}, ${took} minutes, ${failures.length} failed runs`);
  for (const { replay } of failures) console.log(`  again: npm run test:faults -- ${replay}`);
  if (values.json !== undefined) {
    const report = { seed, minutes: Number(took), interrupted: code === 130, rows: all, failures };
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  process.exit(code);
}

function replayOf(replay: string | undefined): [string | undefined, number | undefined] {
  if (replay === undefined) return [undefined, undefined];
  const match = /^(.+)\/(\d+)$/.exec(replay);
  if (match === null) throw new Error('--replay takes name/provider/run, as a failure prints it.');
  return [match[1], Number(match[2])];
}

function chosenParts(): Part[] {
  const names = replayed === undefined ? values.only?.split(',') : [replayed];
  const matches = (part: Part, name: string): boolean =>
    part.scenario.name === name || labelOf(part) === name || part.provider === name;
  const unknown = names?.filter((name) => !allParts.some((part) => matches(part, name)));
  if (unknown !== undefined && unknown.length > 0) {
    throw new Error(`There is no scenario ${unknown.join(', ')}; --list shows them.`);
  }
  return allParts.filter((part) => names?.some((name) => matches(part, name)) ?? true);
}
