import { format } from 'prettier';

/** What is measured beside one another. */
export const COLUMNS = ['Postgres', 'NATS, view in a file', 'NATS, view in memory'] as const;
export type Column = (typeof COLUMNS)[number];

/** A target of a row: what NATS is to reach, against Postgres or by itself. */
interface Target {
  readonly row: string;
  readonly shown: string;
  readonly value: (results: Results, column: Column) => number;
  readonly isMet: (value: number) => boolean;
}

const VIEWS = ['NATS, view in a file', 'NATS, view in memory'] as const;

export const ROWS = {
  one: 'append, one caller, per second',
  many: 'append, 64 callers, per second',
  fresh: 'appendIf on new contexts, 64 callers, per second',
  appends: 'three processes: append, per second',
  appendsShare: 'three processes: append, slowest ÷ fastest',
  contexts: 'three processes: appendIf on new contexts, per second',
  contextsShare: 'three processes: appendIf on new contexts, slowest ÷ fastest',
  contended: 'three processes: verdicts on 16 contexts, per second',
  contendedShare: 'three processes: verdicts on 16 contexts, slowest ÷ fastest',
  delay: 'to a handler in another process, p50, ms',
  reading: 'a fresh process reads the log, facts/s',
  starting: 'a process starts with its view of the log, s',
} as const;

const atLeast = (least: number) => (value: number) => value >= least;
const atMost = (most: number) => (value: number) => value <= most;

const TARGETS: readonly Target[] = [
  ratio(ROWS.many, 0.9),
  ratio(ROWS.contexts, 3),
  ...[ROWS.appendsShare, ROWS.contextsShare, ROWS.contendedShare].map((row) => ({
    row,
    shown: '≥ 0.6',
    value: (results: Results, column: Column) => results.median(row, column),
    isMet: atLeast(0.6),
  })),
  own(ROWS.delay, '≤ 3 ms', atMost(3)),
  own(ROWS.reading, '≥ 80,000', atLeast(80_000)),
  own(ROWS.starting, '≤ 0.2 s', atMost(0.2)),
];

function ratio(row: string, least: number): Target {
  return {
    row: `${row}, against Postgres`,
    shown: `≥ ${least} ×`,
    value: (results, column) => results.median(row, column) / results.median(row, 'Postgres'),
    isMet: atLeast(least),
  };
}

function own(row: string, shown: string, isMet: (value: number) => boolean): Target {
  return { row, shown, value: (results, column) => results.median(row, column), isMet };
}

/** What was measured, round by round. */
export class Results {
  readonly #rows = new Map<string, Map<string, number[]>>();

  note(row: string, column: string, value: number): void {
    const columns = this.#rows.get(row) ?? new Map<string, number[]>();
    this.#rows.set(row, columns);
    columns.set(column, [...(columns.get(column) ?? []), value]);
    console.error(`  ${column.padEnd(22)} ${row}: ${shown(value)}`);
  }

  /** `NaN` where nothing was measured. */
  median(row: string, column: string): number {
    const values = this.#rows.get(row)?.get(column) ?? [];
    return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  }

  has(row: string): boolean {
    return this.#rows.has(row);
  }

  get rows(): string[] {
    return [...this.#rows.keys()];
  }
}

/** The page, as Markdown. */
export function page(stores: Results, relay: Results, about: readonly string[]): Promise<string> {
  const targets = TARGETS.filter(({ value }) => !Number.isNaN(value(stores, VIEWS[0])));
  const lines = [
    '# Benchmarks beyond one machine',
    '',
    '<!-- Written by `npm run bench:beyond`: change that, not this. -->',
    '',
    ...about,
    '',
    ...(targets.length === 0
      ? []
      : [
          '## Targets',
          '',
          `| | target | ${VIEWS.map((view) => `${view} | met`).join(' | ')} |`,
          `| --- | --- |${' --- | --- |'.repeat(VIEWS.length)}`,
          ...targets.map((target) => {
            const cells = VIEWS.map((view) => {
              const value = target.value(stores, view);
              if (Number.isNaN(value)) return '– | –';
              return `${shown(value)} | ${target.isMet(value) ? 'yes' : '**no**'}`;
            });
            return `| ${target.row} | ${target.shown} | ${cells.join(' | ')} |`;
          }),
          '',
        ]),
    ...table('Stores that several processes share', stores, COLUMNS),
    ...table('Relay', relay, ['facts per second']),
  ];
  return format(lines.join('\n'), { parser: 'markdown' });
}

function table(title: string, results: Results, columns: readonly string[]): string[] {
  if (results.rows.length === 0) return [];
  return [
    `## ${title}`,
    '',
    `| | ${columns.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(columns.length)}`,
    ...results.rows.map(
      (row) =>
        `| ${row} | ${columns.map((column) => shown(results.median(row, column))).join(' | ')} |`,
    ),
    '',
  ];
}

function shown(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value < 100
    ? String(Number(value.toPrecision(2)))
    : Math.round(value).toLocaleString('en');
}
