import type { FactStore } from '../../contract/contract.types.js';
import type { ProjectionCommit } from '../delivery/commit.js';

/**
 * Under this token an extra (`nestjs-factstr/typeorm`) provides its `TransactionalCommits`: a fixed text, so that
 * it is found also when this package is loaded twice.
 */
export const TRANSACTIONAL_COMMITS = 'nestjs-factstr:transactional-effects';

/** What a projection asks of the read model's database. Times in milliseconds. */
export interface TransactionalRequest {
  /** The cursor's name. */
  readonly name: string;
  /** `Class.method`, for messages. */
  readonly label: string;
  /** The fact store, which may still hold a cursor of that name from before. */
  readonly store: FactStore;
  /** The fact store's SQLite file, where it has one. */
  readonly storeFile: string | undefined;
  /** A data source's name; `undefined`: the default one. */
  readonly dataSource: string | undefined;
  /** The handler's deadline where the projection or the module sets one. */
  readonly timeout: number | undefined;
  /** Whether the projection has `startFrom`. */
  readonly hasStart: boolean;
}

/** Makes the commits of projections whose effects and cursor are in the read model's database. */
export interface TransactionalCommits {
  /** @throws InvalidOptionsError when the data source cannot do that safely */
  commitFor(request: TransactionalRequest): ProjectionCommit;

  /** Closes what it opened. To be called when no projection runs any more; may be called again. */
  close(): Promise<void>;
}
