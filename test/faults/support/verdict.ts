import { checkHistory } from '../../support/history/checker.js';
import type { History, RecordedStream, Rule, Violation } from '../../support/history/checker.js';
import { databaseOf, readLog, rowsOf } from './storage.js';
import type { StoreOptions } from './storage.js';
import type { JournalCall } from '../../support/history/journal.js';
import type { Round } from './round.js';
import type { Writer } from './writer.js';
import type { Database } from '../../support/fixtures/effects.js';

/** Which column a broken rule counts in; all others are unexpected. */
const COLUMNS: Partial<Record<Rule, 'lost' | 'duplicated' | 'partial'>> = {
  'acknowledged facts are there': 'lost',
  'deliveries are complete': 'lost',
  'appends happen once': 'duplicated',
  'an id has one range': 'duplicated',
  'deliveries ascend': 'duplicated',
  'appends are whole': 'partial',
  'batches are whole': 'partial',
  'failed appends leave nothing': 'partial',
};

export interface HistoryVerdict {
  /** Codes that the scenario's fault explains; a refusal with another one is unexpected. */
  readonly refusals?: readonly string[];
  readonly deliveries?: readonly RecordedStream[];
  /** Calls that no writer of ours made. */
  readonly others?: readonly JournalCall[];
}

/** Judges a log, when nothing writes any more, by what the writers were told. Returns its length. */
export async function judgeLog(
  round: Round,
  options: StoreOptions,
  writers: readonly Writer[],
  { refusals = [], deliveries = [], others = [] }: HistoryVerdict = {},
): Promise<number> {
  const calls = [...writers.flatMap((writer) => writer.calls), ...others];
  for (const { crash, client } of writers) {
    if (crash !== undefined) round.unexpected(`${client} ended by itself: ${crash}`);
  }
  const { log, batches } = await readLog(databaseOf(options));
  judgeHistory(round, { calls, log, batches, deliveries }, refusals);
  return log.length;
}

/** Judges a log by what its callers were told. */
export function judgeHistory(
  round: Round,
  history: History & { readonly calls: readonly JournalCall[] },
  refusals: readonly string[] = [],
): void {
  for (const { call, outcome, message, client } of history.calls) {
    if (call.kind === 'query' && outcome === undefined) continue;
    if (outcome === undefined || outcome.kind === 'indeterminate') round.tally.indeterminate++;
    if (outcome?.kind === 'committed') round.tally.acknowledged += outcome.count;
    const isNamed = call.kind !== 'query' && call.appendId !== undefined;
    if (outcome?.kind === 'indeterminate' && isNamed) {
      round.unexpected(`${client}: an append with an id stayed indeterminate: ${message}`);
    }
    if (outcome?.kind === 'refused' && !refusals.includes(outcome.code)) {
      round.unexpected(`${client}: the ${call.kind} failed with ${outcome.code}: ${message}`);
    }
  }
  count(round, checkHistory(history));
}

function count(round: Round, violations: readonly Violation[]): void {
  for (const { rule, explanation } of violations) {
    const column = COLUMNS[rule];
    if (column === undefined) round.unexpected(`${rule}: ${explanation}`);
    else {
      round.tally[column]++;
      round.note(`${column}: ${explanation}`);
    }
  }
}

export interface EffectsVerdict {
  readonly database: Database;
  readonly projections: readonly string[];
  /** The facts that each projection is to have handled. */
  readonly facts: readonly number[];
  readonly transactional: boolean;
}

/** Judges what handlers did, by the table that they wrote to. */
export async function judgeEffects(round: Round, verdict: EffectsVerdict): Promise<void> {
  const { database, projections, transactional } = verdict;
  const rows = await rowsOf<{ projection: string; n: unknown; times: unknown }>(
    database,
    'SELECT projection, sequence_number AS n, times FROM effects',
  );
  for (const name of projections) {
    const effects = new Map(
      rows
        .filter(({ projection }) => projection === name)
        .map(({ n, times }) => [Number(n), Number(times)]),
    );
    const missing = verdict.facts.filter((fact) => !effects.has(fact));
    round.tally.lost += missing.length;
    if (missing.length > 0)
      round.note(`lost: ${name} never had ${missing.slice(0, 20).join(', ')}`);
    const expected = new Set(verdict.facts);
    for (const [fact, times] of effects) {
      if (!expected.has(fact)) round.unexpected(`${name} had fact ${fact}, which is not for it`);
      if (times > 1 && transactional) round.note(`duplicated: ${name} had ${fact} ${times} times`);
      round.tally[transactional ? 'duplicated' : 'redelivered'] += times - 1;
    }
  }
}

/** 1, 2, … `last`. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
