import type { MeasuredTest, Outcome, TestRun } from './protocol.js';
import { TestProcess, TestProcessEnded } from './test-process.js';

export interface MutantQuestion {
  readonly mutant: string;
  readonly file: string;
  /** Ids of the tests that pass the mutated place; all where it is not known. */
  readonly tests?: readonly string[];
  readonly hitLimit?: number;
  /** The mutated code runs when its file is loaded. */
  readonly static: boolean;
}

export type Verdict =
  | {
      readonly status: 'killed';
      readonly test: string;
      readonly message: string;
      readonly ran: number;
    }
  | { readonly status: 'timeout'; readonly message: string }
  | { readonly status: 'survived'; readonly ran: number };

/** Before the first measure of a busy machine, and the least that a test gets. In milliseconds. */
const LEAST_TIME = 1_500;
/** As often as a test may take longer than measured. */
const SLACK = 5;
/** Tests that noticed other mutants of the file, and are asked first. */
const FAVOURITES = 12;

/**
 * Asks the tests whether they notice a mutant. A failure counts when the same test, run by itself in the same
 * process, passes without the mutant; one that may stem from an earlier run, only when it comes again.
 */
export class MutantJudge {
  readonly #tests: ReadonlyMap<string, MeasuredTest>;
  readonly #favourites = new Map<string, string[]>();
  /** Tests that cannot be run by themselves: they answer no question. */
  readonly #unusable = new Set<string>();
  #process: TestProcess | undefined;
  #patience = 1;

  constructor(
    readonly postgres: string,
    tests: readonly MeasuredTest[],
    readonly budget: number,
  ) {
    this.#tests = new Map(tests.map((test) => [test.id, test]));
  }

  async judge(question: MutantQuestion): Promise<Verdict> {
    let ran = 0;
    for (const tests of this.#order(question)) {
      let left = tests;
      while (left.length > 0) {
        const answer = await this.#ask(question, left);
        if (typeof answer === 'number') {
          ran += answer;
          break;
        }
        if ('status' in answer) {
          return answer.status === 'killed' ? { ...answer, ran: ran + answer.ran } : answer;
        }
        // Not counted: the others may notice it still.
        left = left.filter((test) => test !== answer.without);
      }
    }
    return { status: 'survived', ran };
  }

  async end(): Promise<void> {
    await this.#process?.end();
    this.#process = undefined;
  }

  /** The verdict, or how many tests noticed nothing, or the test whose failure does not count. */
  async #ask(
    question: MutantQuestion,
    tests: readonly string[],
  ): Promise<Verdict | number | { without: string }> {
    const outcome = await this.#outcome(question, tests);
    const { failure, endless, ran } = outcome;
    if (endless) return { status: 'timeout', message: 'an endless loop' };
    if (failure === undefined) return ran;
    const { message } = failure;
    const test = this.#tests.has(failure.where) ? failure.where : tests[0]!;
    const passes = await this.#passes(test);
    if (passes === 'never') {
      this.#unusable.add(test);
      console.error(`cannot be run by itself: ${test}`);
      return { without: test };
    }
    // It may have failed by what an earlier run left behind.
    const doubted = outcome.stray || (passes === 'afresh' && !outcome.ended);
    if (doubted && (await this.#outcome(question, [test])).failure === undefined) {
      return { without: test };
    }
    this.#prefer(question.file, test);
    if (outcome.timedOut || outcome.ended) return { status: 'timeout', message };
    return { status: 'killed', test, message, ran };
  }

  /** Whether a test passes by itself, without a mutant: in this process, else in a fresh one, more patiently. */
  async #passes(test: string): Promise<'here' | 'afresh' | 'never'> {
    const question = { mutant: undefined, file: '', static: false };
    const process = this.#process;
    for (let tries = 0; tries < 3; tries++) {
      if ((await this.#outcome(question, [test])).failure === undefined) {
        return process !== undefined && this.#process === process ? 'here' : 'afresh';
      }
      await this.end();
      if (tries > 0) this.#patience *= 2;
    }
    return 'never';
  }

  async #outcome(
    { mutant, hitLimit, static: isStatic }: Omit<MutantQuestion, 'mutant'> & { mutant?: string },
    tests: readonly string[],
  ): Promise<Outcome & { ended: boolean }> {
    const limited = tests.map((id) => ({ id, limit: this.#limit(id) }));
    const run: TestRun = { mutant, tests: limited, hitLimit };
    const files = [...new Set(tests.map((test) => this.#tests.get(test)!.file))];
    try {
      if (isStatic) {
        const { process, broken } = await TestProcess.start(this.postgres, files, mutant);
        try {
          if (broken[0] !== undefined)
            return { ...failed(broken[0].message, tests[0]), ended: false };
          return { ...(await process.run(run)), ended: false };
        } finally {
          await process.end();
        }
      }
      this.#process ??= (await TestProcess.start(this.postgres, this.#files)).process;
      return { ...(await this.#process.run(run)), ended: false };
    } catch (error) {
      if (!(error instanceof TestProcessEnded)) throw error;
      this.#process = isStatic ? this.#process : undefined;
      return { ...failed(error.message, error.test ?? tests[0]), ended: true };
    }
  }

  get #files(): string[] {
    return [...new Set([...this.#tests.values()].map(({ file }) => file))];
  }

  #limit(test: string): number {
    return Math.round(this.#patience * (LEAST_TIME + SLACK * this.#tests.get(test)!.milliseconds));
  }

  /** Those that noticed other mutants of the file; then all others, the fastest first, as the budget allows. */
  *#order({ file, tests }: MutantQuestion): Iterable<readonly string[]> {
    const usable = (tests ?? [...this.#tests.keys()]).filter(
      (test) => this.#tests.has(test) && !this.#unusable.has(test),
    );
    const passing = new Set(usable);
    const first = (this.#favourites.get(file) ?? [])
      .filter((test) => passing.has(test))
      .slice(0, FAVOURITES);
    yield first;
    let spent = 0;
    const cost = (test: string): number => this.#tests.get(test)!.milliseconds;
    yield usable
      .filter((test) => !first.includes(test))
      .toSorted((a, b) => cost(a) - cost(b))
      .filter((test, at) => (spent += cost(test)) <= this.budget || at === 0);
  }

  #prefer(file: string, test: string): void {
    const favourites = this.#favourites.get(file) ?? [];
    this.#favourites.set(
      file,
      [test, ...favourites.filter((other) => other !== test)].slice(0, 4 * FAVOURITES),
    );
  }
}

function failed(message: string, where = ''): Outcome {
  return { ran: 1, failure: { where, message }, stray: false, timedOut: false, endless: false };
}
