import { afterEach, expect } from '@jest/globals';
import type { FactStore } from '../../../lib/contract/contract.types.js';
import type { FactstrError } from '../../../lib/contract/errors.js';
import type { LogSource } from '../../../lib/streams/log-source.js';
import type { FactStoreOptions } from '../../../lib/streams/streaming-store.js';

/** A store of this package: the contract, and the log that its streams walk. */
export type ConformingStore = FactStore & { readonly log: LogSource };

/** One empty database, and the stores that were opened on it. */
export interface Database {
  /** `options` are those that all providers share. */
  open(options?: FactStoreOptions): Promise<ConformingStore>;
  /** Makes the known ids of appends older, where the database's own clock counts. In milliseconds. */
  ageAppendIds?(milliseconds: number): Promise<void>;
  /** Closes every store and removes the database. */
  dispose(): Promise<void>;
}

/** What the conformance suite needs of a provider. */
export interface Provider<D extends Database = Database> {
  readonly name: string;
  create(): Promise<D>;
}

/** A database outside the process: several stores can be open on it, and it can be opened again. */
export interface SharedDatabase extends Database {
  /** Removes the newest facts, as a restore from an older copy does. No store may be open. */
  removeFactsAfter(sequenceNumber: bigint): Promise<void>;
  /** Replaces a fact's payload. No store may be open. */
  changePayload(sequenceNumber: bigint, payload: unknown): Promise<void>;
  /** Moves a durable stream's cursor as FACTSTR does: in its own row only. */
  moveCursor(name: string, sequenceNumber: bigint): Promise<void>;
  /** Copies all that is there; the result puts that back in the place of what is there then. Stores may be open. */
  backUp(): Promise<() => Promise<void>>;
}

/** Gives each test databases of its own, and fails a test whose streams reported what it did not expect. */
export function databasesOf<D extends Database>(provider: Provider<D>): () => Promise<D> {
  const created: D[] = [];
  afterEach(async () => {
    for (const database of created.splice(0)) await database.dispose();
  });
  return async () => {
    const database = await provider.create();
    created.push(database);
    return database;
  };
}

/** Gives each test an empty store of its own. */
export function storesOf(
  provider: Provider,
): (options?: FactStoreOptions) => Promise<ConformingStore> {
  const createDatabase = databasesOf(provider);
  const unexpected: FactstrError[] = [];
  afterEach(() => {
    expect(unexpected.splice(0)).toEqual([]);
  });
  return async (options) => {
    const database = await createDatabase();
    return database.open({ onStreamError: (error) => unexpected.push(error), ...options });
  };
}
