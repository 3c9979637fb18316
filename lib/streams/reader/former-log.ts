import { factAt, isNotAfter, isSameFact } from './fact-mark.js';
import type { FactMark, LogSource } from '../log-source.js';

/** Up to which number two logs agree. */
export interface CommonEnd {
  readonly number: bigint;
  /** The fact of that number, as it was read then; absent where it was not read. */
  readonly fact: FactMark | undefined;
}

/** What is known of a log that was replaced. */
export class FormerLog {
  readonly #source: LogSource;
  #facts: readonly FactMark[];
  readonly #below: bigint | undefined;
  #common: Promise<CommonEnd> | undefined;

  /**
   * `facts`: of the former log, ascending. `below`: the first number that this store object itself has appended to the
   * present log, where that is known.
   */
  constructor(source: LogSource, facts: readonly FactMark[], below?: bigint) {
    this.#source = source;
    this.#facts = facts;
    this.#below = below;
  }

  /**
   * Up to where the present log agrees with the former one. `fact`: one more fact of the former log.
   *
   * Exact where the known facts go back so far. Else what was committed no later than the oldest of them counts as
   * common: both logs had one clock, unless a server with a slower one took over.
   */
  common(fact?: FactMark): Promise<CommonEnd> {
    this.#common ??= this.#find(fact).then(
      (found) => {
        this.#facts = [];
        return found;
      },
      (error: unknown) => {
        this.#common = undefined;
        throw error;
      },
    );
    return this.#common;
  }

  async #find(fact: FactMark | undefined): Promise<CommonEnd> {
    const facts = upTo(fact, this.#facts);
    // If a fact still is in the log, all facts before it are too.
    const standing = await lastWhere(0n, BigInt(facts.length), async (count) => {
      const known = facts[Number(count) - 1]!;
      const found = await factAt(this.#source, known.sequence_number);
      return found !== null && isSameFact(found, known);
    });
    const last = facts[Number(standing) - 1];
    const least = { number: last?.sequence_number ?? 0n, fact: last };
    const gone = facts[Number(standing)];
    if (gone === undefined) {
      if (last !== undefined) return least;
      return this.#bounded({ number: await this.#source.head(), fact: undefined }, least);
    }
    let seen = last;
    const common = await lastWhere(least.number, gone.sequence_number - 1n, async (number) => {
      const found = await factAt(this.#source, number);
      if (found === null || !isNotAfter(found, gone)) return false;
      seen = found;
      return true;
    });
    return this.#bounded({ number: common, fact: seen }, least);
  }

  /** Own appends are of the present log, whatever the clocks say. */
  #bounded(common: CommonEnd, least: CommonEnd): CommonEnd {
    if (this.#below === undefined || this.#below > common.number) return common;
    const number = this.#below - 1n;
    return number > least.number ? { number, fact: undefined } : least;
  }
}

/** What comes after a fact that is gone, by its number or its time, may have been read from the present log. */
function upTo(fact: FactMark | undefined, facts: readonly FactMark[]): readonly FactMark[] {
  if (fact === undefined) return facts;
  const before = facts.filter(
    (known) => known.sequence_number < fact.sequence_number && isNotAfter(known, fact),
  );
  return [...before, fact];
}

/** The last number in (from, to] that `isSo`, given that all numbers before it are; `from` if none is. */
async function lastWhere(
  from: bigint,
  to: bigint,
  isSo: (number: bigint) => Promise<boolean>,
): Promise<bigint> {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (await isSo(middle)) low = middle;
    else high = middle - 1n;
  }
  return low;
}
