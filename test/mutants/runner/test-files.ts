import { pathToFileURL } from 'node:url';
import type { Circus } from '@jest/types';
import { addEventHandler, getState, resetState, run, setState } from 'jest-circus';
import { testChildren } from '../../support/children.mjs';
import type { Failure } from './protocol.js';

/** Enough for any test without a mutant. In milliseconds. */
export const PATIENCE = 120_000;

/** One test of a loaded file. */
export interface LoadedTest {
  readonly id: string;
  readonly entry: Circus.TestEntry;
  readonly line: number;
}

/** A test file, loaded once: its tests can be run again and again. */
export class TestFile {
  readonly tests = new Map<Circus.TestEntry, LoadedTest>();
  readonly #state: Circus.State;

  private constructor(
    readonly file: string,
    state: Circus.State,
  ) {
    this.#state = state;
    const times = new Map<string, number>();
    for (const entry of entriesOf(state.rootDescribeBlock)) {
      const name = nameOf(entry);
      const before = times.get(name) ?? 0;
      times.set(name, before + 1);
      const id = `${file}: ${name}${before === 0 ? '' : ` (${before + 1})`}`;
      this.tests.set(entry, { id, entry, line: lineOf(entry, file) });
      // The runner's limits hold.
      entry.timeout = undefined;
    }
    forgetTimeouts(state.rootDescribeBlock);
  }

  static async load(root: string, file: string): Promise<TestFile> {
    resetState();
    await import(pathToFileURL(`${root}/${file}`).href);
    return new TestFile(file, getState());
  }

  /** Runs those that `wanted` chooses, in the file's order. Resolves with what a hook outside a test threw. */
  async run(wanted: (test: LoadedTest) => boolean, limit: number): Promise<Failure[]> {
    for (const { entry } of this.tests.values()) {
      entry.errors = [];
      entry.mode = wanted(this.tests.get(entry)!) ? undefined : 'skip';
    }
    this.#state.unhandledErrors = [];
    this.limit(limit);
    setState(this.#state);
    await run();
    // As the environment of Jest's does after each file.
    const left = await testChildren().end();
    const failures = this.#state.unhandledErrors.map((error) => textOf(error));
    if (left.length > 0) failures.push('left processes behind');
    return failures.map((message) => ({ where: this.file, message }));
  }

  /** What tests and hooks may take from now on. In milliseconds. */
  limit(milliseconds: number): void {
    this.#state.testTimeout = milliseconds;
  }
}

/** Calls `handle` with each of circus's events, and the loaded file's entry that it is about. */
export function onEvents(handle: (event: Circus.Event) => void): void {
  addEventHandler((event) => handle(event));
}

export function textOf(error: unknown): string {
  const one: unknown = Array.isArray(error) ? (error[0] ?? error[1]) : error;
  return one instanceof Error ? (one.stack ?? one.message) : String(one);
}

function* entriesOf(block: Circus.DescribeBlock): Iterable<Circus.TestEntry> {
  for (const child of block.children) {
    if (child.type === 'test') yield child;
    else yield* entriesOf(child);
  }
}

function forgetTimeouts(block: Circus.DescribeBlock): void {
  for (const hook of block.hooks) hook.timeout = undefined;
  for (const child of block.children) if (child.type === 'describeBlock') forgetTimeouts(child);
}

function nameOf(entry: Circus.TestEntry): string {
  const names: string[] = [];
  for (
    let at: Circus.TestEntry | Circus.DescribeBlock | undefined = entry;
    at !== undefined;
    at = at.parent
  ) {
    names.unshift(at.name);
  }
  return names.slice(1).join(' › ');
}

/** Where the file registers it; the first line where a helper does. */
function lineOf(entry: Circus.TestEntry, file: string): number {
  const frames = (entry.asyncError as Error).stack?.split('\n') ?? [];
  const frame = frames.find((text) => text.includes(file));
  return Number(/:(\d+):\d+\)?$/.exec(frame ?? '')?.[1] ?? 1);
}
