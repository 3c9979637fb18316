import { realpathSync, statSync } from 'node:fs';
import { DatabaseReplacedError } from '../../contract/errors.js';

/** Which file it is, whatever its name. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * The file that a path named when it was opened. SQLite goes on with an open file that was removed or renamed, or
 * whose place another one took: what is appended then is in no file that anybody finds.
 */
export class OpenedFile {
  readonly path: string;
  readonly #identity: Identity | undefined;
  readonly #wal: string;
  #walIdentity: Identity | undefined;

  /** To be called right after SQLite has opened the path. */
  constructor(path: string) {
    this.path = path;
    // SQLite follows symbolic links before it adds to the name.
    this.#wal = `${realpathSync.native(path)}-wal`;
    this.#identity = identityOf(path);
  }

  /** Names the database within this process, whatever path led to it. */
  get name(): string {
    return `sqlite:${this.#identity?.dev}:${this.#identity?.ino}`;
  }

  /** To be called when SQLite has opened the write-ahead log, which then stays as long as a connection does. */
  watchWal(): void {
    this.#walIdentity = identityOf(this.#wal);
  }

  /** @throws DatabaseReplacedError when the path names another file now, or none */
  assertInPlace(): void {
    if (isAt(this.path, this.#identity)) return;
    throw new DatabaseReplacedError(
      `${this.path} was removed, renamed or replaced by another file while it was open. Nothing was written. Put the file back in its place, or close the store and open the one that is there now.`,
    );
  }

  /** @throws DatabaseReplacedError also when the write-ahead log was taken away */
  assertWritable(): void {
    this.assertInPlace();
    if (this.#walIdentity === undefined || isAt(this.#wal, this.#walIdentity)) return;
    throw new DatabaseReplacedError(
      `${this.#wal} was removed or replaced while the database was open; it holds the newest facts. Nothing was written. Put it back, or close every store on the file, which moves the facts into it.`,
    );
  }
}

function identityOf(path: string): Identity | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

function isAt(path: string, known: Identity | undefined): boolean {
  const found = identityOf(path);
  return found?.ino === known?.ino && found?.dev === known?.dev;
}
