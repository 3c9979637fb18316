import { realpathSync, statSync } from 'node:fs';
import { DatabaseReplacedError } from '../../../contract/errors.js';

/** Identifies a file independently of its path. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * The file that a path named when it was opened. SQLite goes on with an open file that was removed, renamed or
 * replaced: what is appended then is not in the file that the path names.
 */
export class OpenedFile {
  readonly path: string;
  readonly #identity: Identity | undefined;
  readonly #wayOut: string;

  /** To be called right after SQLite has opened the path. */
  constructor(
    path: string,
    wayOut = 'Put the file back in its place, or close the store and open the one that is there now.',
  ) {
    this.path = path;
    this.#identity = identityOf(path);
    this.#wayOut = wayOut;
  }

  /**
   * The write-ahead log beside it, which stays as long as the connection that opened it. It has the newest facts
   * that the file lacks.
   */
  wal(): OpenedFile {
    // SQLite follows symbolic links before it adds to the name.
    const path = `${realpathSync.native(this.path)}-wal`;
    return new OpenedFile(
      path,
      'Put it back, for it holds the newest facts; or close every store on the database, which moves them into it.',
    );
  }

  get wasThere(): boolean {
    return this.#identity !== undefined;
  }

  /** Names the database within this process, whatever path led to it. */
  get name(): string {
    return `sqlite:${this.#identity?.dev}:${this.#identity?.ino}`;
  }

  /** Whether it is this file; `undefined`: none. */
  is(found: Identity | undefined): boolean {
    return found?.ino === this.#identity?.ino && found?.dev === this.#identity?.dev;
  }

  /** @throws DatabaseReplacedError when the path names another file now, or none */
  assertInPlace(): void {
    if (this.is(identityOf(this.path))) return;
    throw new DatabaseReplacedError(
      `${this.path} was removed, renamed or replaced by another file while it was open. Nothing was written. ${this.#wayOut}`,
    );
  }
}

function identityOf(path: string): Identity | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}
