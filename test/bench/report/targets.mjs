import { appendIfCase } from '../workloads/append-if.mjs';
import { appendCase } from '../workloads/append.mjs';
import { NARROW_CASE, ONE_CASE, TOGETHER_CASE, WIDE_CASE } from '../workloads/decide-models.mjs';
import { decideCase } from '../workloads/decide.mjs';
import { MANY } from '../workloads/replay.mjs';
import { BARE_CASE, NO_SDK_CASE } from '../workloads/telemetry.mjs';
import { median } from '../measure/statistics.mjs';
import { number, ratioOf, significant, valueOf } from './cells.mjs';
import { tableRow } from './table.mjs';

const ENGINES = { sqlite: 'SQLite', postgres: 'Postgres', memory: 'memory' };

/** The rows of the table: what, the target, what was measured, and whether that is enough. */
export function targetsTable(results, { sizes }) {
  const find = (workload, engine, name, id) =>
    results.find(
      (result) =>
        result.workload === workload &&
        result.engine === engine &&
        result.case === name &&
        result.id === id,
    );
  const rows = targets(find, sizes).filter(({ measured }) => measured !== undefined);
  return [
    tableRow(['', 'target', 'measured', 'met']),
    tableRow(['---', '---', '---', '---']),
    ...rows.map(({ what, target, text, met }) =>
      tableRow([what, target, text, met ? 'yes' : '**no**']),
    ),
  ];
}

function targets(find, sizes) {
  const smallest = sizes[0];
  const largest = sizes.at(-1);
  const many = largest.toLocaleString('en');
  const one = appendCase(1, 1);
  const crowd = appendCase(1, 64);
  const append = (engine, name, id) => find('append', engine, name, id);
  const appendIf = (engine, name, id) => find('append-if', engine, name, id);
  const decide = (engine, context, size, id = 'ours') =>
    find('decide', engine, decideCase(context, size), id);
  const replay = (engine, name, id) => find('replay', engine, name, id);
  const bare = 'stream, one batch per call';
  const batched = `projection, ${MANY} facts per call`;
  const newOne = appendIfCase('new', 1);
  const newCrowd = appendIfCase('new', 64);
  const knownCrowd = appendIfCase('known', 64);
  const memoryRate = (name) => valueOf(find('memory', 'memory', name, 'ours'));
  const latency = (workload, engine) => find(workload, engine, 'one fact, one handler', 'ours');

  return [
    atLeast(
      'SQLite, one fact per append, one caller',
      'of the floor',
      0.8,
      ratioOf(append('sqlite', one, 'ours'), append('sqlite', one, 'floor')),
    ),
    atLeast(
      'SQLite, 64 callers through `FactstrStore`, `append`',
      '× one caller',
      10,
      ratioOf(append('sqlite', crowd, 'service'), append('sqlite', one, 'service')),
    ),
    atLeast(
      'SQLite, 64 callers through `FactstrStore`, `appendIf`',
      '× one caller',
      8,
      ratioOf(appendIf('sqlite', newCrowd, 'service'), appendIf('sqlite', newOne, 'service')),
    ),
    atLeast(
      'SQLite, batches of 1,000, index included',
      'of the floor',
      0.45,
      ratioOf(
        append('sqlite', appendCase(1_000, 1), 'ours'),
        append('sqlite', appendCase(1_000, 1), 'floor'),
      ),
    ),
    atLeast(
      'Postgres, one fact, one caller, no listener',
      'of the floor',
      0.9,
      ratioOf(append('postgres', one, 'ours'), append('postgres', one, 'floor')),
    ),
    ...['dcb-es', 'emmett'].flatMap((peer) => [
      atLeast(
        `Postgres, 64 callers, \`append\`, against ${peer}`,
        '×',
        7,
        ratioOf(append('postgres', crowd, 'service'), append('postgres', crowd, peer)),
      ),
      atLeast(
        `Postgres, 64 callers, \`appendIf\` on new contexts, against ${peer}`,
        '×',
        7,
        ratioOf(appendIf('postgres', newCrowd, 'service'), appendIf('postgres', newCrowd, peer)),
      ),
    ]),
    atLeast(
      'Postgres, 64 callers, `appendIf` on known contexts, against dcb-es',
      '×',
      7,
      ratioOf(
        appendIf('postgres', knownCrowd, 'service'),
        appendIf('postgres', knownCrowd, 'dcb-es'),
      ),
    ),
    ...Object.keys(ENGINES).map((engine) =>
      atMost(
        `${ENGINES[engine]}, \`query\` + \`appendIf\`, narrow, ${many} facts`,
        `× the cost at ${smallest.toLocaleString('en')}`,
        1.5,
        ratioOf(decide(engine, 'narrow', smallest), decide(engine, 'narrow', largest)),
      ),
    ),
    ...Object.keys(ENGINES).map((engine) =>
      atMost(
        `${ENGINES[engine]}, the same, wide, ${many} facts`,
        '× the cost of the narrow one',
        2,
        ratioOf(decide(engine, 'narrow', largest), decide(engine, 'wide', largest)),
      ),
    ),
    ...['sqlite', 'postgres'].flatMap((engine) => [
      atLeast(
        `${ENGINES[engine]}, \`decide\` with a model, a remembered context of 10,000 facts`,
        'of a narrow query’s',
        0.7,
        ratioOf(
          find('decide-models', engine, WIDE_CASE, 'service'),
          find('decide-models', engine, NARROW_CASE, 'service'),
        ),
      ),
      atLeast(
        `${ENGINES[engine]}, 200 decide at once on one course`,
        'of one caller',
        0.9,
        ratioOf(
          find('decide-together', engine, TOGETHER_CASE, 'service'),
          find('decide-together', engine, ONE_CASE, 'service'),
        ),
      ),
    ]),
    atLeast(`Memory, \`appendIf\` at ${many}`, '/s', 100_000, memoryRate(`appendIf at ${many}`)),
    atLeast(
      'Memory, `append` before the first look-up',
      '/s',
      300_000,
      memoryRate(`append, before the first look-up, to ${many}`),
    ),
    atLeast('Memory, `append` after it', '/s', 200_000, memoryRate(`append, indexed, at ${many}`)),
    atLeast(
      'SQLite, read everything',
      'of the raw driver',
      0.8,
      ratioOf(
        find('read', 'sqlite', 'all at once', 'ours'),
        find('read', 'sqlite', 'all at once', 'floor'),
      ),
    ),
    atLeast(
      'Postgres, read everything, at once',
      'of the raw driver',
      1,
      ratioOf(
        find('read', 'postgres', 'all at once', 'ours'),
        find('read', 'postgres', 'all at once', 'floor'),
      ),
    ),
    atLeast(
      'Postgres, read everything, paged',
      'of the raw driver',
      0.75,
      ratioOf(
        find('read', 'postgres', 'paged', 'service'),
        find('read', 'postgres', 'paged', 'floor'),
      ),
    ),
    ...['sqlite', 'postgres'].flatMap((engine) => [
      atMost(
        `${ENGINES[engine]}, append to handler, same process, p50`,
        'ms',
        0.5,
        valueOf(latency('deliver', engine)),
      ),
      atMost(
        `${ENGINES[engine]}, append to handler, same process, p99`,
        'ms',
        2,
        slowest(latency('deliver', engine)),
      ),
    ]),
    atMost(
      'Postgres, append to handler, other process, p50',
      'ms',
      2.5,
      valueOf(latency('deliver-across', 'postgres')),
    ),
    ...['sqlite', 'postgres'].map((engine) =>
      atLeast(
        `${ENGINES[engine]}, durable replay, one batch per call`,
        'of bare cursor commits',
        0.85,
        ratioOf(replay(engine, bare, 'ours'), replay(engine, bare, 'floor')),
      ),
    ),
    atLeast(
      'SQLite, durable replay, one batch per call',
      'facts/s',
      30_000,
      valueOf(replay('sqlite', bare, 'ours')),
    ),
    atLeast(
      'SQLite, durable replay, many facts per call',
      'facts/s',
      200_000,
      valueOf(replay('sqlite', batched, 'ours')),
    ),
    atLeast(
      'Postgres, durable replay, many facts per call',
      'facts/s',
      50_000,
      valueOf(replay('postgres', batched, 'ours')),
    ),
    ...['sqlite', 'postgres'].map((engine) =>
      atMost(
        `${ENGINES[engine]}, replay of ${many} facts, memory`,
        'MB more',
        100,
        valueOf(find('replay-memory', engine, `${many} facts`, 'ours')),
      ),
    ),
    ...Object.keys(ENGINES).map((engine) =>
      atMost(
        `${ENGINES[engine]}, one append, what telemetry without an SDK adds`,
        '% of its time',
        2,
        addedByTelemetry((name, of = engine) => find('telemetry', of, name, 'service')),
      ),
    ),
  ];
}

/**
 * What is added is the same work on every engine, and is measured in memory: a commit's own time differs by more from
 * round to round. Typical appends are compared, so that pauses of the machine are nobody's.
 */
function addedByTelemetry(find) {
  const [bare, observed, own] = [
    find(BARE_CASE, 'memory'),
    find(NO_SDK_CASE, 'memory'),
    find(BARE_CASE),
  ];
  if (bare === undefined || observed === undefined || own === undefined) return undefined;
  const added = bare.rounds.flatMap((round, n) =>
    round && observed.rounds[n] ? [observed.rounds[n].p50 - round.p50] : [],
  );
  return (100 * median(added)) / median(own.rounds.filter(Boolean).map(({ p50 }) => p50));
}

/** The median of the rounds' 99th percentiles. */
const slowest = (result) =>
  result && median(result.rounds.filter(Boolean).map((round) => round.p99));

const atLeast = (what, unit, limit, measured) =>
  row(what, `≥ ${limit.toLocaleString('en')} ${unit}`, measured, measured >= limit);

const atMost = (what, unit, limit, measured) =>
  row(what, `≤ ${limit.toLocaleString('en')} ${unit}`, measured, measured <= limit);

function row(what, target, measured, met) {
  const text =
    measured === undefined ? '' : measured >= 100 ? number(measured) : significant(measured);
  return { what, target, measured, text, met };
}
