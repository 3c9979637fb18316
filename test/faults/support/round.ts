import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '../../support/postgres.js';
import type { TestDatabase } from '../../support/postgres.js';
import { Random } from '../../support/random.js';
import { emptyTally } from './tally.js';
import { withinTime } from '../../support/waiting/until.js';

/** One run of a scenario: its choices, what it opened, and what it counted. */
export class Round {
  readonly seed: number;
  readonly random: Random;
  /** How many faults to inject. */
  readonly faults: number;
  /** Whether it is the short form, as CI runs it. */
  readonly short: boolean;
  readonly tally = emptyTally();
  readonly notes: string[] = [];
  readonly #undo: (() => unknown)[] = [];
  #folder: Promise<string> | undefined;
  #names = 0;

  constructor(seed: number, faults: number, short: boolean) {
    this.seed = seed;
    this.random = new Random(seed);
    this.faults = faults;
    this.short = short;
  }

  /** Calls `inject` for each fault, and counts it. */
  async forEachFault(inject: (index: number) => Promise<void>): Promise<void> {
    for (let index = 0; index < this.faults; index++) {
      await inject(index);
      this.tally.faults++;
    }
  }

  /** A name that the run has not used. */
  name(prefix: string): string {
    return `${prefix}-${++this.#names}`;
  }

  /** A path in the run's temporary folder, with nothing there yet. */
  async file(name: string): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'factstr-faults-')).then((folder) => {
      this.later(() => rm(folder, { recursive: true, force: true }));
      return folder;
    });
    return join(await this.#folder, name);
  }

  /** An empty database of the run's server, or of another one. */
  async database(serverUrl?: string): Promise<TestDatabase> {
    const database = await createDatabase(serverUrl);
    this.later(() => database.drop());
    return database;
  }

  /** To be undone at the end, last first. */
  later(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  unexpected(what: string): void {
    this.tally.unexpected.push(what);
  }

  /** Explains a count. */
  note(what: string): void {
    this.notes.push(what);
  }

  /** Ends everything that the run opened, also where a part of that fails. May be called again. */
  async dispose(): Promise<void> {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        await withinTime(undo);
      } catch (error) {
        this.unexpected(`cleaning up: ${(error as Error).message}`);
      }
    }
  }
}
