// Has test files loaded and runs single tests of them, again and again, with one mutant active or none.
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';
import type { InstrumenterContext } from '@stryker-mutator/api/core';
import type { Circus } from '@jest/types';
import type {
  Failure,
  Measured,
  MeasuredTest,
  Order,
  Outcome,
  Reply,
  TestRun,
} from './protocol.js';
import { onEvents, PATIENCE, TestFile, textOf } from './test-files.js';
import type { LoadedTest } from './test-files.js';

const root = process.cwd();
const context = ((globalThis as Record<string, unknown>)[INSTRUMENTER_CONSTANTS.NAMESPACE] ??=
  {}) as InstrumenterContext;
const files: TestFile[] = [];
/** Of the run that is on: errors outside any test's promise. */
let strays: string[] = [];
let current: LoadedTest | undefined;

process.on('uncaughtException', (error) => void strays.push(textOf(error)));
process.on('unhandledRejection', (error) => void strays.push(textOf(error)));

async function load(names: readonly string[], mutant: string | undefined): Promise<Reply> {
  context.activeMutant = mutant;
  context.mutantCoverage = { static: {}, perTest: {} };
  const broken: Failure[] = [];
  for (const name of names) {
    try {
      files.push(await TestFile.load(root, name));
    } catch (error) {
      broken.push({ where: name, message: textOf(error) });
    }
  }
  return { kind: 'loaded', broken };
}

/** Runs every test, without a mutant, and keeps which mutants each passes. */
async function measure(): Promise<Measured> {
  const tests: MeasuredTest[] = [];
  const coverage = context.mutantCoverage!;
  for (const file of files) {
    const began = new Map<Circus.TestEntry, number>();
    // What hooks of a block pass is passed by each of its tests.
    const hooks = new Map<Circus.DescribeBlock, string>();
    const listener = (event: Circus.Event): void => {
      if (event.name === 'test_start') {
        current = file.tests.get(event.test);
        context.currentTestId = current!.id;
        send({ kind: 'begun', test: current!.id, limit: PATIENCE });
        began.set(event.test, performance.now());
      }
      if (event.name === 'test_done') {
        const { id, line } = file.tests.get(event.test)!;
        const [error] = event.test.errors;
        tests.push({
          id,
          name: id,
          file: file.file,
          line,
          milliseconds: performance.now() - began.get(event.test)!,
          ...(error === undefined ? {} : { failure: textOf(error) }),
        });
        context.currentTestId = undefined;
      }
      if (event.name === 'hook_start' && event.hook.type.endsWith('All')) {
        const id = `hooks ${hooks.size} of ${file.file}`;
        hooks.set(event.hook.parent, hooks.get(event.hook.parent) ?? id);
        context.currentTestId = hooks.get(event.hook.parent)!;
      }
      if (event.name === 'hook_success' && event.hook.type.endsWith('All')) {
        context.currentTestId = undefined;
      }
    };
    listen(listener);
    strays = [];
    const failures = await file.run(() => true, PATIENCE);
    for (const { where, message } of failures) {
      tests.push({
        id: where,
        name: where,
        file: file.file,
        line: 1,
        milliseconds: 0,
        failure: message,
      });
    }
    for (const stray of strays) {
      tests.push({
        id: `${file.file}: stray`,
        name: file.file,
        file: file.file,
        line: 1,
        milliseconds: 0,
        failure: stray,
      });
    }
    for (const [block, id] of hooks) {
      const passed = coverage.perTest[id];
      delete coverage.perTest[id];
      if (passed === undefined) continue;
      for (const { entry, id: test } of file.tests.values()) {
        if (!isInside(entry, block)) continue;
        const own = (coverage.perTest[test] ??= {});
        for (const [mutant, hits] of Object.entries(passed))
          own[mutant] = (own[mutant] ?? 0) + hits;
      }
    }
  }
  listen(undefined);
  return { tests, coverage };
}

async function runTests({ mutant, tests, hitLimit }: TestRun): Promise<Outcome> {
  const limits = new Map(tests.map(({ id, limit }) => [id, limit]));
  const longest = Math.max(...limits.values());
  let ran = 0;
  let failure: Failure | undefined;
  strays = [];
  context.hitCount = hitLimit === undefined ? undefined : 0;
  context.hitLimit = hitLimit;
  context.currentTestId = undefined;
  context.activeMutant = mutant;
  const order = new Map(tests.map(({ id }, at) => [id, at]));
  const firstOf = (file: TestFile): number =>
    Math.min(...[...file.tests.values()].map(({ id }) => order.get(id) ?? Infinity));
  const chosen = files.filter((file) => firstOf(file) < Infinity);
  chosen.sort((a, b) => firstOf(a) - firstOf(b));
  for (const file of chosen) {
    listen((event) => {
      if (event.name === 'test_start') {
        const test = file.tests.get(event.test)!;
        if (failure !== undefined || strays.length > 0) event.test.mode = 'skip';
        if (event.test.mode === 'skip') return;
        current = test;
        ran++;
        const limit = limits.get(test.id)!;
        file.limit(limit);
        send({ kind: 'begun', test: test.id, limit });
      }
      if (event.name === 'run_describe_finish') file.limit(longest);
      if (event.name === 'test_done' && event.test.errors.length > 0) {
        failure ??= {
          where: file.tests.get(event.test)!.id,
          message: textOf(event.test.errors[0]),
        };
      }
    });
    const failures = await file.run(({ id }) => limits.has(id), longest);
    failure ??= failures[0];
    if (failure !== undefined || strays.length > 0) break;
  }
  listen(undefined);
  const stray = failure === undefined && strays.length > 0;
  if (stray) failure = { where: current!.id, message: strays[0]! };
  const endless = hitLimit !== undefined && (context.hitCount ?? 0) > hitLimit;
  context.activeMutant = undefined;
  context.hitCount = undefined;
  const timedOut = failure?.message.includes('Exceeded timeout of') ?? false;
  return { ran, stray, timedOut, endless, ...(failure === undefined ? {} : { failure }) };
}

function isInside(entry: Circus.TestEntry, block: Circus.DescribeBlock): boolean {
  let at: Circus.DescribeBlock | undefined = entry.parent;
  while (at !== undefined && at !== block) at = at.parent;
  return at === block;
}

let listener: ((event: Circus.Event) => void) | undefined;
onEvents((event) => listener?.(event));
function listen(next: ((event: Circus.Event) => void) | undefined): void {
  listener = next;
}

function send(reply: Reply): void {
  process.send!(reply);
}

async function obey(order: Order): Promise<Reply> {
  if (order.kind === 'load') return load(order.files, order.mutant);
  if (order.kind === 'measure') return { kind: 'measured', measured: await measure() };
  return { kind: 'ran', outcome: await runTests(order.run) };
}

process.on('message', (order: Order) => {
  void obey(order).then(send, (error: unknown) => {
    console.error(error);
    process.exit(70);
  });
});
process.on('disconnect', () => process.exit());
