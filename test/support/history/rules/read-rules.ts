import { upTo } from '../contexts.js';
import type { Contexts } from '../contexts.js';
import type { Answered, QueryCall, RecordedCall, Violation } from '../history.types.js';
import type { Placed, PlacedAppend } from '../placed-appends.js';
import { nameOf, versionText } from '../words.js';
import { byId } from './append-rules.js';
import { TimeBounds } from './time-bounds.js';

/** A call that saw the log: a query's answer, or a conflict. */
interface Read {
  readonly call: RecordedCall;
  readonly rule: 'answers are prefixes' | 'a conflict was one';
  /** What it saw, as the lengths that the log can have had then. */
  readonly lengths: readonly [number, number];
}

/**
 * Every answer and every conflict shows the log as it was at one moment between the call's start and end: such
 * moments can be found for all of them, in an order that agrees with the calls' order in time.
 */
export function* readsSawOneMoment(
  calls: readonly RecordedCall[],
  placed: Placed,
  contexts: Contexts,
): Generator<Violation> {
  const reads: Read[] = [];
  const named = byId(placed.appends);
  for (const call of calls) {
    const read = conflictOf(call, named, contexts) ?? answerOf(call, contexts);
    if (read === undefined) continue;
    if ('explanation' in read) yield read;
    else reads.push(read);
  }
  const bounds = new TimeBounds(
    placed,
    reads.map(({ call }) => call),
  );
  // The smallest moment that fits is taken for each: only that leaves most room for later ones.
  for (const read of reads.sort((a, b) => a.call.start - b.call.start)) {
    const { call, rule, lengths } = read;
    const { atLeast, atMost, seenBefore } = bounds.of(call);
    const low = placed.lengths[upTo(placed.lengths, Math.max(lengths[0], atLeast) - 1)];
    const high = Math.min(lengths[1], atMost);
    if (low !== undefined && low <= high) {
      bounds.saw(call, low);
      continue;
    }
    const saw = lengths[0] === lengths[1] ? `${lengths[0]}` : `${lengths[0]} to ${lengths[1]}`;
    yield {
      rule,
      explanation:
        `${nameOf(call)} ${outcomeText(call)}: so the log had ${saw} facts. ` +
        whyNot(lengths, atLeast, atMost, seenBefore),
    };
  }
}

function whyNot(
  [low, high]: readonly [number, number],
  atLeast: number,
  atMost: number,
  seenBefore: RecordedCall | undefined,
): string {
  if (high < atLeast) {
    const what =
      seenBefore === undefined
        ? `it had at least ${atLeast} when the call began: they were acknowledged`
        : `it had at least ${atLeast} when the call began: another call had seen them (${nameOf(seenBefore)})`;
    return `But ${what}.`;
  }
  if (low > atMost) {
    return `But fact ${atMost + 1} was appended only after the call had ended.`;
  }
  return 'But no such length is the end of a batch: a part of an append was seen.';
}

function conflictOf(
  recorded: RecordedCall,
  named: ReadonlyMap<string, readonly PlacedAppend[]>,
  contexts: Contexts,
): Read | Violation | undefined {
  const { call, outcome } = recorded;
  if (call.kind !== 'appendIf' || outcome?.kind !== 'conflict') return undefined;
  const rule = 'a conflict was one';
  const { expected, actual } = outcome;
  const explain = (why: string): Violation => ({
    rule,
    explanation: `${nameOf(recorded)} ${outcomeText(recorded)}${why}`,
  });
  if (expected !== call.expected) return explain(`, but expected ${versionText(call.expected)}.`);
  if (expected === actual) return explain(', which is none.');
  const lengths = contexts.lengthsOf(call.query, actual);
  if (lengths === undefined) return explain(', a version that its context never had.');
  if (call.appendId === undefined) return { call: recorded, rule, lengths };
  // From its commit on, an id is answered with what it committed, or refused.
  const used = named.get(call.appendId)!.flatMap(({ places }) => places);
  const before = Math.min(Infinity, ...used) - 1;
  if (lengths[0] > before) {
    return explain(`, although its id had been committed at ${before + 1} by then.`);
  }
  return { call: recorded, rule, lengths: [lengths[0], Math.min(lengths[1], before)] };
}

function answerOf(recorded: RecordedCall, contexts: Contexts): Read | Violation | undefined {
  const { call, outcome } = recorded;
  if (call.kind !== 'query' || outcome?.kind !== 'answered') return undefined;
  const rule = 'answers are prefixes';
  const explain = (why: string): Violation => ({
    rule,
    explanation: `${nameOf(recorded)} ${outcomeText(recorded)}, ${why}`,
  });
  const lengths = contexts.lengthsOf(call.query, outcome.version);
  if (lengths === undefined) return explain('a version that its context never had.');
  const rows = expectedRows(call, outcome, contexts);
  if (rows.join() !== outcome.rows.join()) {
    return explain(`with rows ${briefly(outcome.rows)} where there were ${briefly(rows)}.`);
  }
  if (outcome.last !== (rows.at(-1) ?? null)) {
    return explain(`with ${versionText(outcome.last)} as the last of rows ${briefly(rows)}.`);
  }
  if (outcome.digest !== contexts.digest(rows)) {
    return explain(`with rows ${briefly(rows)}, whose content is not that of the log.`);
  }
  return { call: recorded, rule, lengths };
}

function expectedRows(call: QueryCall, { version }: Answered, contexts: Contexts): number[] {
  const matches = contexts.matches(call.query);
  const from = upTo(matches, call.query.min_sequence_number ?? 0);
  const until = upTo(matches, version ?? 0);
  return matches.slice(from, Math.max(from, until)).slice(0, call.limit);
}

function outcomeText({ outcome }: RecordedCall): string {
  if (outcome?.kind === 'conflict') {
    return `conflicted (expected ${versionText(outcome.expected)}, actual ${versionText(outcome.actual)})`;
  }
  return `was answered (version ${versionText((outcome as Answered).version)})`;
}

function briefly(rows: readonly number[]): string {
  if (rows.length <= 12) return `[${rows.join(', ')}]`;
  return `[${rows.slice(0, 5).join(', ')}, … ${rows.slice(-5).join(', ')}] (${rows.length})`;
}
