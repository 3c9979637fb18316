import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import type { FactstrOptions } from 'nestjs-factstr';
import { createDatabase } from '../../../support/postgres.js';
import type { TestDatabase } from '../../../support/postgres.js';
import { RecordedLog } from './recorded-log.js';

/** What one test opens: applications, folders and databases, undone in reverse order by `clean`. */
export class Fixtures {
  log = new RecordedLog();
  readonly #undo: (() => unknown)[] = [];

  /** Compiled, not initialized. */
  async compile(
    metadata: ModuleMetadata,
    customize: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
  ): Promise<TestingModule> {
    const builder = Test.createTestingModule(metadata).setLogger(this.log);
    const app = await customize(builder).compile();
    this.#undo.push(() => app.close());
    return app;
  }

  /** Compiled and initialized. */
  async app(
    metadata: ModuleMetadata,
    customize?: (builder: TestingModuleBuilder) => TestingModuleBuilder,
  ): Promise<TestingModule> {
    return (await this.compile(metadata, customize)).init();
  }

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'factstr-module-'));
    this.#undo.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  async database(): Promise<TestDatabase> {
    const database = await createDatabase();
    this.#undo.push(() => database.drop());
    return database;
  }

  /** Registers something of the test's own to be undone. */
  later(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  async clean(): Promise<void> {
    for (const undo of this.#undo.splice(0).toReversed()) await undo();
    this.log = new RecordedLog();
  }
}

export type ProviderName = 'memory' | 'sqlite' | 'postgres';

/** Options of a store of its own for each provider. */
export async function optionsOf(
  provider: ProviderName,
  fixtures: Fixtures,
): Promise<Exclude<FactstrOptions, { provider: 'custom' }>> {
  switch (provider) {
    case 'memory':
      return { provider };
    case 'sqlite':
      return { provider, path: join(await fixtures.folder(), 'facts.sqlite') };
    case 'postgres':
      break;
  }
  return { provider, url: (await fixtures.database()).url };
}
