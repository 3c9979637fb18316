import { checkHistory } from '../../support/history/checker.js';
import { digestOf } from '../../support/history/content.js';
import type { RecordedStream, Rule } from '../../support/history/history.types.js';
import type { JournalCall } from '../../support/history/journal.js';
import type { NaiveLog } from './naive-log.js';

/** What a round, or several, came to. */
export interface RoundVerdict {
  readonly faults: Record<string, number>;
  calls: number;
  messages: number;
  facts: number;
  acknowledged: number;
  conflicts: number;
  lost: number;
  duplicated: number;
  torn: number;
  wrong: number;
  /** Appends of which a caller was told that they may be committed; with an id it repeats them. */
  unknown: number;
  /** Appends of which a caller was told that they were not written, for want of a server. */
  unavailable: number;
  /** The longest time without an acknowledgement, in milliseconds. */
  longest: number;
  /** What explains the counts. */
  readonly notes: string[];
}

export interface RoundRecord {
  readonly calls: readonly JournalCall[];
  readonly naive: NaiveLog;
  /** What each view held at the end. */
  readonly contents: ReadonlyMap<string, string>;
  readonly deliveries: readonly RecordedStream[];
  readonly faults: readonly string[];
  readonly reported: readonly string[];
}

const COLUMNS: Partial<Record<Rule, 'lost' | 'duplicated' | 'torn'>> = {
  'acknowledged facts are there': 'lost',
  'deliveries are complete': 'lost',
  'appends happen once': 'duplicated',
  'an id has one range': 'duplicated',
  'deliveries ascend': 'duplicated',
  'appends are whole': 'torn',
  'batches are whole': 'torn',
  'failed appends leave nothing': 'torn',
  'deliveries are batches': 'torn',
};

const TO_RETRY = new Set(['DATABASE_UNAVAILABLE']);
const NOTES = 12;

export function emptyVerdict(): RoundVerdict {
  return {
    faults: {},
    calls: 0,
    messages: 0,
    facts: 0,
    acknowledged: 0,
    conflicts: 0,
    lost: 0,
    duplicated: 0,
    torn: 0,
    wrong: 0,
    unknown: 0,
    unavailable: 0,
    longest: 0,
    notes: [],
  };
}

export function isClean({ lost, duplicated, torn, wrong }: RoundVerdict): boolean {
  return lost + duplicated + torn + wrong === 0;
}

/** Judges what callers and streams were told by the log that the stream's messages make. */
export function judge(record: RoundRecord): RoundVerdict {
  const { calls, naive, contents, deliveries, faults } = record;
  const verdict = emptyVerdict();
  for (const fault of faults) verdict.faults[fault] = (verdict.faults[fault] ?? 0) + 1;
  verdict.calls = calls.length;
  verdict.messages = naive.messages;
  verdict.facts = naive.facts.length;
  const wrong = (what: string): void => {
    verdict.wrong++;
    verdict.notes.push(what);
  };
  for (const [view, content] of contents) {
    const expected = `${naive.facts.length} ${digestOf(naive.facts)}`;
    if (content !== expected) wrong(`The view of ${view} holds ${content} instead of ${expected}`);
  }
  for (const call of calls) judgeCall(call, naive, verdict, wrong);
  verdict.longest = longestSilence(calls);
  const history = { calls, log: naive.facts, batches: naive.batches, deliveries };
  for (const { rule, explanation } of checkHistory(history)) {
    verdict[COLUMNS[rule] ?? 'wrong']++;
    verdict.notes.push(`${rule}: ${explanation}`);
  }
  if (!isClean(verdict)) {
    const counts = new Map<string, number>();
    for (const told of record.reported) counts.set(told, (counts.get(told) ?? 0) + 1);
    for (const [told, count] of [...counts].slice(0, NOTES))
      verdict.notes.push(`${count} × ${told}`);
  }
  return verdict;
}

function judgeCall(
  { call, outcome, client }: JournalCall,
  naive: NaiveLog,
  verdict: RoundVerdict,
  wrong: (what: string) => void,
): void {
  if (outcome?.kind === 'committed') verdict.acknowledged++;
  if (outcome?.kind === 'conflict') verdict.conflicts++;
  if (outcome?.kind === 'indeterminate' && call.kind !== 'query') verdict.unknown++;
  if (outcome?.kind === 'indeterminate' && call.kind === 'query') {
    wrong(`${client}: a query was answered with ${outcome.code}`);
  }
  if (outcome?.kind === 'refused') {
    if (!TO_RETRY.has(outcome.code))
      wrong(`${client}: a ${call.kind} was refused: ${outcome.code}`);
    else if (call.kind !== 'query') verdict.unavailable++;
  }
  if (call.kind !== 'appendIf' || outcome?.kind !== 'conflict') return;
  // One that was published has the verdict of its place.
  const there = naive.verdicts.get(JSON.stringify(call.events[0]!.payload));
  const agrees = there?.some(
    (found) => found.kind === 'conflict' && found.actual === outcome.actual,
  );
  if (agrees === false) {
    wrong(
      `${client}: a conflict with ${outcome.actual} was told, and the log's verdict is ${JSON.stringify(there)}`,
    );
  }
}

function longestSilence(calls: readonly JournalCall[]): number {
  const ends = calls
    .flatMap(({ outcome, end }) => (outcome?.kind === 'committed' ? [end!] : []))
    .sort((a, b) => a - b);
  let longest = 0;
  for (let next = 1; next < ends.length; next++) {
    longest = Math.max(longest, ends[next]! - ends[next - 1]!);
  }
  return Math.round(longest / 1_000);
}

/** Adds a round to what others came to. */
export function addVerdict(sum: RoundVerdict, more: RoundVerdict): void {
  for (const [fault, times] of Object.entries(more.faults)) {
    sum.faults[fault] = (sum.faults[fault] ?? 0) + times;
  }
  for (const key of [
    'calls',
    'messages',
    'facts',
    'acknowledged',
    'conflicts',
    'lost',
    'duplicated',
    'torn',
    'wrong',
    'unknown',
    'unavailable',
  ] as const) {
    sum[key] += more[key];
  }
  sum.longest = Math.max(sum.longest, more.longest);
  sum.notes.push(...more.notes);
}

/** The counts, in words. */
export function textOf(verdict: RoundVerdict): string {
  const { faults, calls, messages, facts, acknowledged, conflicts } = verdict;
  const { lost, duplicated, torn, wrong, unknown, unavailable, longest } = verdict;
  const injected = Object.entries(faults).map(([fault, times]) => `${fault} ${times}`);
  return [
    `faults: ${injected.join(', ')}`,
    `${calls} calls, ${acknowledged} appends acknowledged, ${conflicts} conflicts; ${messages} messages, ${facts} facts`,
    `lost ${lost}, duplicated ${duplicated}, torn ${torn}, wrong verdicts ${wrong}`,
    `unknown outcomes told to callers ${unknown}, refused for want of servers ${unavailable}; longest time without an acknowledgement ${longest} ms`,
  ].join('\n');
}
