import { glob, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { commonTokens, declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';
import type {
  DryRunResult,
  MutantRunOptions,
  MutantRunResult,
  TestResult,
  TestRunner,
  TestRunnerCapabilities,
} from '@stryker-mutator/api/test-runner';
import type { StrykerOptions } from '@stryker-mutator/api/core';
import { startPostgresServer } from '../../support/postgres-server.mjs';
import { MutantJudge } from './judge.js';
import type { MeasuredTest } from './protocol.js';
import { TestProcess } from './test-process.js';

/** Of this runner, in Stryker's options. */
export interface FactstrRunnerOptions {
  /** Globs of test files. */
  readonly tests: readonly string[];
  /** What the tests of one mutant may take together, as measured without it. In milliseconds. */
  readonly budget: number;
}

/** In the sandbox: the other runners take it from there. */
const MEASURED = '.measured-tests.json';

/** Runs tests in one long-lived process, so that a mutant costs what its tests take. */
class FactstrTestRunner implements TestRunner {
  readonly #options: FactstrRunnerOptions;
  #postgres: { readonly url: string; end(): Promise<void> } | undefined;
  #files: readonly string[] = [];
  #judge: MutantJudge | undefined;

  constructor(options: StrykerOptions) {
    this.#options = (options as unknown as { factstr: FactstrRunnerOptions }).factstr;
  }

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    const files: string[] = [];
    for (const pattern of this.#options.tests) {
      for await (const file of glob(pattern)) files.push(file);
    }
    this.#files = [...new Set(files)].toSorted();
    this.#postgres = await startPostgresServer();
  }

  async dryRun(): Promise<DryRunResult> {
    const { process, broken } = await TestProcess.start(this.#postgres!.url, this.#files);
    try {
      if (broken.length > 0) {
        const [{ where, message }] = broken as [(typeof broken)[0]];
        return { status: DryRunStatus.Error, errorMessage: `${where}: ${message}` };
      }
      const { tests, coverage } = await process.measure();
      await writeFile(MEASURED, JSON.stringify(tests));
      return { status: DryRunStatus.Complete, tests: tests.map(told), mutantCoverage: coverage };
    } finally {
      await process.end();
    }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    this.#judge ??= new MutantJudge(
      this.#postgres!.url,
      JSON.parse(await readFile(MEASURED, 'utf8')) as MeasuredTest[],
      this.#options.budget,
    );
    const began = performance.now();
    const { activeMutant, testFilter, hitLimit, mutantActivation, sandboxFileName } = options;
    const verdict = await this.#judge.judge({
      mutant: activeMutant.id,
      file: sandboxFileName,
      tests: testFilter,
      hitLimit,
      static: mutantActivation === 'static',
    });
    const duration = performance.now() - began;
    if (verdict.status === 'survived') {
      return { status: MutantRunStatus.Survived, nrOfTests: verdict.ran, duration };
    }
    if (verdict.status === 'timeout') {
      return { status: MutantRunStatus.Timeout, reason: verdict.message, duration };
    }
    return {
      status: MutantRunStatus.Killed,
      killedBy: [verdict.test],
      failureMessage: verdict.message,
      nrOfTests: verdict.ran,
      duration,
    };
  }

  async dispose(): Promise<void> {
    await this.#judge?.end();
    await this.#postgres?.end();
  }
}

function told({ id, name, file, line, milliseconds, failure }: MeasuredTest): TestResult {
  const common = {
    id,
    name,
    timeSpentMs: milliseconds,
    fileName: resolve(file),
    startPosition: { line, column: 0 },
  };
  return failure === undefined
    ? { ...common, status: TestStatus.Success }
    : { ...common, status: TestStatus.Failed, failureMessage: failure };
}

createRunner.inject = [commonTokens.options] as [typeof commonTokens.options];
function createRunner(options: StrykerOptions): TestRunner {
  return new FactstrTestRunner(options);
}

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.TestRunner, 'factstr', createRunner),
];
