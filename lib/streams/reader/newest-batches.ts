import { isSameFact } from './fact-mark.js';
import type { CommittedBatch, FactMark } from '../log-source.js';

/** Facts that are kept for cursors at the head, at most, unless one batch has more. */
const KEPT_FACTS = 500;

interface ReadonlyPage {
  readonly at: FactMark | null;
  readonly batches: readonly CommittedBatch[];
}

/** The newest batches that were read: consecutive ones, and the fact that they follow. */
export class NewestBatches {
  #begin: { readonly number: bigint; readonly fact: FactMark | null } | undefined;
  #batches: CommittedBatch[] = [];
  #count = 0;

  /** The number at which they end; `undefined` while nothing is known. */
  get end(): bigint | undefined {
    return this.#batches.at(-1)?.last_sequence_number ?? this.#begin?.number;
  }

  /** The fact at the end. */
  get last(): FactMark | null {
    return this.#batches.at(-1)?.event_records.at(-1) ?? this.#begin?.fact ?? null;
  }

  /** All that is known, in order. */
  facts(): FactMark[] {
    const first = this.#begin?.fact ?? null;
    const kept = this.#batches.flatMap(({ event_records }) => event_records);
    return first === null ? kept : [first, ...kept];
  }

  /** What follows a position, where that is kept. */
  after(position: bigint): ReadonlyPage | undefined {
    const { end } = this;
    if (this.#begin === undefined || position < this.#begin.number || position >= end!) {
      return undefined;
    }
    // Most cursors stand near the end.
    const index = this.#batches.findLastIndex((batch) => batch.first_sequence_number <= position);
    const around = this.#batches[index];
    const at = position === this.#begin.number ? this.#begin.fact : factOf(around, position);
    const isPassed = around === undefined || around.last_sequence_number <= position;
    return { at, batches: this.#batches.slice(isPassed ? index + 1 : index) };
  }

  /** Whether a page that was read after a position is of the log that is kept, by the newest fact that both have. */
  fits(after: bigint, page: ReadonlyPage): boolean {
    const { end } = this;
    if (end === undefined || end < after) return true;
    const last = page.batches.at(-1)?.last_sequence_number ?? after;
    const number = last < end ? last : end;
    if (number === 0n) return true;
    const kept = number === end ? this.last : (this.after(number)?.at ?? null);
    const around = page.batches.findLast((batch) => batch.first_sequence_number <= number);
    const read = number === after ? page.at : factOf(around, number);
    return kept === null || (read !== null && isSameFact(kept, read));
  }

  /** Takes what was read after a position, unless it is known. */
  add(after: bigint, { at, batches }: ReadonlyPage): void {
    const { end } = this;
    if (end !== undefined && end !== after) {
      if ((batches.at(-1)?.last_sequence_number ?? after) <= end) return;
      this.clear();
    }
    if (this.#begin === undefined) {
      // Beyond the log's head nothing can be kept.
      if (after > 0n && at === null) return;
      this.#begin = { number: after, fact: at };
    }
    this.#batches.push(...batches);
    for (const batch of batches) this.#count += batch.event_records.length;
    while (this.#count > KEPT_FACTS && this.#batches.length > 1) {
      const { last_sequence_number: number, event_records } = this.#batches.shift()!;
      this.#begin = { number, fact: event_records.at(-1)! };
      this.#count -= event_records.length;
    }
  }

  clear(): void {
    this.#begin = undefined;
    this.#batches = [];
    this.#count = 0;
  }
}

function factOf(batch: CommittedBatch | undefined, number: bigint): FactMark | null {
  if (batch === undefined) return null;
  const { event_records: records } = batch;
  const fact = records[Number(number - records[0]!.sequence_number)];
  if (fact?.sequence_number === number) return fact;
  // A log may have gaps: what a relay has left out.
  return records.find(({ sequence_number }) => sequence_number === number) ?? null;
}
