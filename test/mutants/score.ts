import { readFile } from 'node:fs/promises';
import type { schema } from '@stryker-mutator/api/core';
import type { Equivalent } from './equivalents/equivalent.js';

/** A mutant that no test noticed, as the report shows it. */
export interface Survivor {
  readonly file: string;
  readonly line: number;
  /** The mutated lines before and after, each trimmed. */
  readonly from: string;
  readonly to: string;
  /** No test passes the place. */
  readonly uncovered: boolean;
}

export interface FileScore {
  readonly file: string;
  readonly mutants: number;
  readonly noticed: number;
}

export interface AreaScore {
  readonly files: readonly FileScore[];
  /** Survivors that are not listed as equivalent. */
  readonly unlisted: readonly Survivor[];
  readonly equivalent: number;
  /** Entries of the list that no survivor is meant by. */
  readonly stale: readonly Equivalent[];
}

/** What the last runs of an area found; `undefined` where there was none. */
export async function scoreOf(
  reportFile: string,
  equivalents: readonly Equivalent[],
): Promise<AreaScore | undefined> {
  const text = await readFile(reportFile, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const report = JSON.parse(text) as schema.MutationTestResult;
  const files: FileScore[] = [];
  const unlisted: Survivor[] = [];
  const used = new Set<Equivalent>();
  let equivalent = 0;
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    const judged = mutants.filter(({ status }) => status in NOTICED);
    const noticed = judged.filter(({ status }) => NOTICED[status]).length;
    files.push({ file, mutants: judged.length, noticed });
    for (const mutant of judged.filter(({ status }) => !NOTICED[status])) {
      const survivor = survivorOf(file, source, mutant);
      const entry = equivalents.find((one) => isOf(one, survivor));
      if (entry === undefined) unlisted.push(survivor);
      else {
        equivalent++;
        used.add(entry);
      }
    }
  }
  return { files, unlisted, equivalent, stale: equivalents.filter((entry) => !used.has(entry)) };
}

const NOTICED: Partial<Record<string, boolean>> = {
  Killed: true,
  Timeout: true,
  Survived: false,
  NoCoverage: false,
};

/** Whether no test noticed it, and no entry of the list means it. */
export function isUnlisted(
  file: string,
  source: string,
  mutant: schema.MutantResult,
  equivalents: readonly Equivalent[],
): boolean {
  if (NOTICED[mutant.status] !== false) return false;
  const survivor = survivorOf(file, source, mutant);
  return !equivalents.some((entry) => isOf(entry, survivor));
}

function survivorOf(
  file: string,
  source: string,
  { location: { start, end }, replacement, status }: schema.MutantResult,
): Survivor {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const before = lines[0]!.slice(0, start.column - 1);
  const after = lines.at(-1)!.slice(end.column - 1);
  return {
    file,
    line: start.line,
    from: flat(lines.join('\n')),
    to: flat(`${before}${replacement ?? ''}${after}`),
    uncovered: status === 'NoCoverage',
  };
}

function isOf({ file, from, to }: Equivalent, survivor: Survivor): boolean {
  return file === survivor.file && flat(from) === survivor.from && flat(to) === survivor.to;
}

/** One line, as lines are compared here. */
export function flat(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
