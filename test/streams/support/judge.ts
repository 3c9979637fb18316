import type { EventRecord } from '../../../lib/contract/contract.types.js';

/** Names one committed batch, or its rest, and the log that it was appended to. */
export function nameOf(records: readonly EventRecord[]): string {
  const [first, last] = [records[0]!, records.at(-1)!];
  const { log } = first.payload as { log: number };
  return `${log}:${first.sequence_number}-${last.sequence_number}`;
}

/**
 * Whether what a stream was given is what it had to be: from where it began every batch, in order, none twice. Where
 * logs took the place of one another it goes on after the last batch that both have, or where it stood before that.
 *
 * @param logs the names of all batches of each log, up to the present one
 * @param begins how many batches of which log it may have begun after
 * @param mayRepeat whether it may go on earlier than that in another log, so that it is given some twice
 */
export function isComplete(
  given: readonly string[],
  logs: readonly (readonly string[])[],
  begins: readonly { readonly log: number; readonly passed: number }[],
  mayRepeat: boolean,
): boolean {
  const goesOn = (log: number, passed: number, count: number): boolean => {
    const batches = logs[log]!;
    const next = logs[log + 1];
    if (count === given.length && next === undefined && passed === batches.length) return true;
    if (
      count < given.length &&
      given[count] === batches[passed] &&
      goesOn(log, passed + 1, count + 1)
    ) {
      return true;
    }
    if (next === undefined) return false;
    const last = Math.min(passed, common(batches, next));
    for (let from = last; from >= (mayRepeat ? 0 : last); from--) {
      if (goesOn(log + 1, from, count)) return true;
    }
    return false;
  };
  return begins.some(({ log, passed }) => goesOn(log, passed, 0));
}

function common(one: readonly string[], other: readonly string[]): number {
  const index = one.findIndex((name, at) => name !== other[at]);
  return index === -1 ? one.length : index;
}
