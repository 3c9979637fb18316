import { expect } from '@jest/globals';
import type { TestRunner } from 'nestjs-factstr/testing';

type Body = () => Promise<void>;

interface Group {
  readonly title: string;
  readonly before: Body[];
  readonly after: Body[];
  readonly ended: Body[];
}

/** How much faster than the machine's the suites' patience goes: what a wrong store never does is waited for in vain. */
const HASTE = 200;

/** A test runner that keeps the tests, to be run inside another test. */
export class Collected implements TestRunner {
  readonly expect = expect;
  readonly #tests: { title: string; groups: readonly Group[]; body: Body }[] = [];
  readonly #all: Group[] = [];
  #groups: readonly Group[] = [];

  readonly describe = (title: string, body: () => void): void => {
    const outer = this.#groups;
    const group: Group = { title, before: [], after: [], ended: [] };
    this.#all.push(group);
    this.#groups = [...outer, group];
    body();
    this.#groups = outer;
  };

  readonly it = (name: string, body: Body): void => {
    const groups = this.#groups;
    const title = [...groups.map((group) => group.title), name].join(' › ');
    this.#tests.push({ title, groups, body });
  };

  readonly beforeEach = (body: Body): void => void this.#groups.at(-1)!.before.push(body);
  readonly afterEach = (body: Body): void => void this.#groups.at(-1)!.after.push(body);
  readonly afterAll = (body: Body): void => void this.#groups.at(-1)!.ended.push(body);
  readonly now = (): number => performance.now() * HASTE;

  /** The titles of those that fail, of those whose title has `words` in it. */
  async failures(words = ''): Promise<string[]> {
    const failed: string[] = [];
    for (const { title, groups, body } of this.#tests) {
      if (!title.includes(words)) continue;
      const steps = [
        async () => {
          for (const before of groups.flatMap((group) => group.before)) await before();
          await body();
        },
        ...groups.toReversed().flatMap((group) => group.after),
      ];
      const outcomes: boolean[] = [];
      for (const step of steps) outcomes.push(await succeeds(step));
      if (outcomes.includes(false)) failed.push(title);
    }
    for (const { title, ended } of this.#all) {
      for (const end of ended) if (!(await succeeds(end))) failed.push(`${title} › at its end`);
    }
    return failed;
  }
}

async function succeeds(step: Body): Promise<boolean> {
  try {
    await step();
    return true;
  } catch {
    return false;
  }
}
