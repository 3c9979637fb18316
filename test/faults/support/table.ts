import type { Tally } from './tally.js';
import { isClean } from './tally.js';

export interface Row {
  readonly fault: string;
  readonly scenario: string;
  readonly provider: string;
  /** Why nothing was run. */
  readonly missing?: string;
  runs: number;
  milliseconds: number;
  readonly tally: Tally;
}

const HEADINGS = [
  'fault',
  'provider',
  'runs',
  'faults',
  'acknowledged',
  'lost',
  'duplicated',
  'partial',
  'indeterminate',
  'redelivered',
  'unexpected',
];

/** The table as Markdown, aligned. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [
    HEADINGS,
    ...rows.map(({ fault, scenario, provider, missing, runs, tally }) =>
      missing === undefined
        ? [
            `${fault} (${scenario})`,
            provider,
            runs,
            tally.faults,
            tally.acknowledged,
            tally.lost,
            tally.duplicated,
            tally.partial,
            tally.indeterminate,
            tally.redelivered,
            tally.unexpected.length,
          ].map(String)
        : [`${fault} (${scenario})`, provider, 'left out', ...HEADINGS.slice(3).map(() => '')],
    ),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => {
    const padded = row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    );
    return `| ${padded.join(' | ')} |`;
  });
  const rule = widths.map((width, column) =>
    column < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  lines.splice(1, 0, `| ${rule.join(' | ')} |`);
  return lines.join('\n');
}

export function allClean(rows: readonly Row[]): boolean {
  return rows.every(({ tally }) => isClean(tally));
}
