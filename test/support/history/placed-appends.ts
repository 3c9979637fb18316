import { contentOf } from './content.js';
import type { LoggedFact, RecordedCall, RecordedEvent } from './history.types.js';

/** One append, by all the calls that asked for it, and what the log has of it. */
export interface PlacedAppend {
  readonly events: readonly RecordedEvent[];
  readonly appendId: string | undefined;
  /** In the order of their starts; several only where an id was repeated. */
  readonly calls: readonly RecordedCall[];
  /** The first numbers of its complete copies in the log. */
  readonly places: readonly number[];
  /** The numbers of its facts that stand outside complete copies. */
  readonly strays: readonly number[];
  /** It cannot have been committed before: the first start of a call that may have done so. */
  readonly earliest: number;
  /** It was committed by then: the first acknowledgement. Infinity without one. */
  readonly latest: number;
}

export interface Placed {
  readonly appends: readonly PlacedAppend[];
  /** Facts of the log that no call brought. */
  readonly unknown: readonly LoggedFact[];
  /** 0 and the last number of each batch: the lengths that the log can have been seen at. Ascending. */
  readonly lengths: readonly number[];
}

type Draft = { -readonly [K in keyof PlacedAppend]: PlacedAppend[K] } & {
  readonly contents: readonly string[];
  readonly calls: RecordedCall[];
  readonly places: number[];
  readonly strays: number[];
};

/** Whether the call may have committed facts: it was acknowledged, or nobody knows. */
export function mayHaveCommitted({ outcome }: RecordedCall): boolean {
  return outcome === undefined || outcome.kind === 'committed' || outcome.kind === 'indeterminate';
}

/** Finds the appends in the log by their facts. */
export function placeAppends(calls: readonly RecordedCall[], log: readonly LoggedFact[]): Placed {
  const { appends, byContent } = gather(calls);
  const unknown: LoggedFact[] = [];
  const lengths = [0];
  const contents = log.map(contentOf);
  for (let index = 0; index < log.length;) {
    const fact = log[index]!;
    const append = byContent.get(contents[index]!);
    let facts = 1;
    if (append === undefined) unknown.push(fact);
    else if (isCopyAt(append, log, contents, index)) {
      append.places.push(fact.sequence_number);
      facts = append.contents.length;
    } else append.strays.push(fact.sequence_number);
    index += facts;
    lengths.push(fact.sequence_number + facts - 1);
  }
  return { appends, unknown, lengths };
}

function gather(calls: readonly RecordedCall[]): {
  appends: Draft[];
  byContent: Map<string, Draft>;
} {
  const byContent = new Map<string, Draft>();
  const appends: Draft[] = [];
  for (const recorded of calls.toSorted((a, b) => a.start - b.start)) {
    const { call, start, end, outcome } = recorded;
    if (call.kind === 'query') continue;
    const contents = call.events.map(contentOf);
    let append = contents.map((content) => byContent.get(content)).find((found) => found);
    if (append === undefined) {
      append = {
        events: call.events,
        appendId: call.appendId,
        contents,
        calls: [],
        places: [],
        strays: [],
        earliest: Infinity,
        latest: Infinity,
      };
      appends.push(append);
      for (const content of contents) byContent.set(content, append);
    } else if (
      append.appendId === undefined ||
      append.appendId !== call.appendId ||
      append.contents.join() !== contents.join()
    ) {
      throw new Error(
        `The history cannot be checked: two appends share a fact (${call.events[0]?.event_type ?? ''}, by ${recorded.client}). Give each append facts of its own.`,
      );
    }
    append.calls.push(recorded);
    if (mayHaveCommitted(recorded)) append.earliest = Math.min(append.earliest, start);
    if (outcome?.kind === 'committed') append.latest = Math.min(append.latest, end ?? Infinity);
  }
  return { appends, byContent };
}

function isCopyAt(
  { contents }: Draft,
  log: readonly LoggedFact[],
  logged: readonly string[],
  index: number,
): boolean {
  const first = log[index]!.sequence_number;
  return contents.every(
    (content, offset) =>
      logged[index + offset] === content && log[index + offset]!.sequence_number === first + offset,
  );
}
