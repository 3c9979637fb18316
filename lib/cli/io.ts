import {
  DatabaseUnavailableError,
  ForeignDatabaseError,
  InvalidOptionsError,
} from '../contract/errors.js';
import type { OperatorDatabase } from '../operations/database/database.types.js';
import type { FactstrPostgresStore } from '../stores/postgres/store.js';
import type { FactstrSqliteStore } from '../stores/sqlite/store.js';
import { json } from './format.js';
import { showProgress } from './progress.js';
import type { Progress, ProgressOptions } from './progress.js';
import type { Terminal } from './terminal.js';

/** The store of a database, for commands that write. */
export type OperatedStore = FactstrSqliteStore | FactstrPostgresStore;

/** The options that every command has, as commander's `optsWithGlobals()` returns them. */
export interface DatabaseOptions {
  readonly database?: string | undefined;
}

/** What a command is given. */
export interface CommandIo extends Terminal {
  /** Writes a line of data to stdout; it is waited for a slow reader. */
  print(line: string): Promise<void>;
  /** Writes a value as a line of JSON to stdout. */
  printJson(value: unknown): Promise<void>;
  /** Writes a line for a person to stderr. */
  note(line: string): Promise<void>;
  /** Progress on stderr, where that is a terminal. */
  progress(options: ProgressOptions): Progress;
  /** Called when the command has ended, the last one first. */
  later(close: () => Promise<void>): void;
  /** Something was found: the command ends with 1. */
  finding(): void;
  /**
   * The database of `--database` or FACTSTR_DATABASE, to be read. It is closed when the command has ended. Of a view it
   * is said on stderr that it is one.
   *
   * @param whyNoView why a command does not read views: `… is a view, which <why>`
   * @throws InvalidOptionsError when none is named, ForeignDatabaseError for such a view, and what `openDatabase` throws
   */
  open(options: DatabaseOptions, whyNoView?: string): Promise<OperatorDatabase>;
  /**
   * Its store, which creates what is missing of our tables. It is closed when the command has ended.
   *
   * @param create whether a SQLite file that is not there is made
   * @throws InvalidOptionsError when none is named, and what opening a store throws
   */
  openStore(options: DatabaseOptions, create?: boolean): Promise<OperatedStore>;
  /**
   * What `open` and `openStore` use: the file or URL, with its password.
   *
   * @throws InvalidOptionsError when none is named
   */
  target(options: DatabaseOptions): string;
}

/** The io of one run of `main`. */
export class RunIo implements CommandIo {
  readonly stdout: Terminal['stdout'];
  readonly stderr: Terminal['stderr'];
  readonly env: Terminal['env'];
  readonly signal: AbortSignal;
  readonly #closes: (() => Promise<void>)[] = [];
  #found = false;

  constructor({ stdout, stderr, env, signal }: Terminal) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.env = env;
    this.signal = signal;
  }

  get hasFindings(): boolean {
    return this.#found;
  }

  print(line: string): Promise<void> {
    return this.stdout.write(`${line}\n`);
  }

  printJson(value: unknown): Promise<void> {
    return this.print(json(value));
  }

  note(line: string): Promise<void> {
    return this.stderr.write(`${line}\n`);
  }

  progress(options: ProgressOptions): Progress {
    return showProgress(this.stderr, options);
  }

  later(close: () => Promise<void>): void {
    this.#closes.push(close);
  }

  finding(): void {
    this.#found = true;
  }

  target({ database }: DatabaseOptions): string {
    const target = database ?? this.env['FACTSTR_DATABASE'];
    if (target !== undefined && target !== '') return target;
    throw new InvalidOptionsError(
      'Which database? Give --database FILE, --database postgres://user:password@host:port/name, or set FACTSTR_DATABASE.',
    );
  }

  async open(options: DatabaseOptions, whyNoView?: string): Promise<OperatorDatabase> {
    const target = this.target(options);
    const { openDatabase } = await import('../operations/database/database.js');
    const database = await openDatabase(target, { signal: this.signal });
    this.#closes.push(() => database.close());
    if (database.isView) {
      if (whyNoView !== undefined) {
        throw new ForeignDatabaseError(
          `${database.label} is a view, which ${whyNoView} Nothing was changed.`,
        );
      }
      await this.note(
        `${database.label} is a view: a copy of another log, as of when its process last followed that. Cursors are kept with the log itself. If it is damaged, remove it: its process makes it anew.`,
      );
    }
    return database;
  }

  async openStore(options: DatabaseOptions, create = false): Promise<OperatedStore> {
    const target = this.target(options);
    const { providerOf } = await import('../operations/database/database.js');
    const store =
      providerOf(target) === 'postgres'
        ? await this.#openPostgres(target)
        : await this.#openSqlite(target, create);
    return store;
  }

  /** Closes what the command opened. */
  async close(): Promise<void> {
    for (const close of this.#closes.splice(0).toReversed()) await close();
  }

  async #openSqlite(target: string, create: boolean): Promise<FactstrSqliteStore> {
    const { existsSync } = await import('node:fs');
    if (!create && !existsSync(target)) {
      throw new DatabaseUnavailableError(`There is no file ${target}. Name the database's file.`);
    }
    const { FactstrSqliteStore } = await import('../stores/sqlite/store.js');
    const store = new FactstrSqliteStore(target);
    this.#closes.push(() => store.close());
    return store;
  }

  async #openPostgres(target: string): Promise<FactstrPostgresStore> {
    const { FactstrPostgresStore } = await import('../stores/postgres/store.js');
    const store = new FactstrPostgresStore(target, {
      pool: { application_name: 'nestjs-factstr cli' },
    });
    this.#closes.push(() => store.close());
    await store.connect();
    return store;
  }
}
