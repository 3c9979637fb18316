import { factAt, isNotAfter, isSameFact } from './fact-mark.js';
import type { FactMark, LogSource } from './log-source.js';

/** What is known of a log in whose place another one was found. */
export class FormerLog {
  readonly #source: LogSource;
  #facts: readonly FactMark[];
  readonly #below: bigint | undefined;
  #common: Promise<bigint> | undefined;

  /**
   * `facts`: of that log, ascending. `below`: the first number that this store object itself has appended to the
   * present log, where that is known.
   */
  constructor(source: LogSource, facts: readonly FactMark[], below?: bigint) {
    this.#source = source;
    this.#facts = facts;
    this.#below = below;
  }

  /**
   * The number up to which the present log has the same facts. `fact`: one more of the former log.
   *
   * Exact where the facts that are known go back so far. Else what was committed no later than the oldest of them
   * counts as the same: both logs had one clock, unless a server with a slower one took over.
   */
  common(fact?: FactMark): Promise<bigint> {
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

  async #find(fact: FactMark | undefined): Promise<bigint> {
    const facts = upTo(fact, this.#facts);
    // If one of them stands, those before it do too.
    const standing = await lastWhere(0n, BigInt(facts.length), async (count) => {
      const known = facts[Number(count) - 1]!;
      const found = await factAt(this.#source, known.sequence_number);
      return found !== null && isSameFact(found, known);
    });
    const last = facts[Number(standing) - 1]?.sequence_number ?? 0n;
    const gone = facts[Number(standing)];
    if (gone === undefined)
      return facts.length > 0 ? last : this.#bounded(await this.#source.head());
    const common = await lastWhere(last, gone.sequence_number - 1n, async (number) => {
      const found = await factAt(this.#source, number);
      return found !== null && isNotAfter(found, gone);
    });
    return this.#bounded(common, last);
  }

  /** Own appends are of the present log, whatever the clocks say. */
  #bounded(common: bigint, least = 0n): bigint {
    if (this.#below === undefined || this.#below > common) return common;
    return this.#below - 1n > least ? this.#below - 1n : least;
  }
}

/** What comes after a fact that is gone may have been read from the present log. */
function upTo(fact: FactMark | undefined, facts: readonly FactMark[]): readonly FactMark[] {
  if (fact === undefined) return facts;
  return [...facts.filter((known) => known.sequence_number < fact.sequence_number), fact];
}

/** The last number in (from, to] of which it is so, given that it is so of those before it; `from` if of none. */
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
