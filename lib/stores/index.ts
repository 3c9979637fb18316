// The stores without Nest: `nestjs-factstr/stores`. Nothing here imports it, nor what imports it.

// The contract
export * from '../contract/contract.types.js';
export * from '../contract/errors.js';
export type { FactStoreLimits } from '../contract/limits.js';

// Stores
export * from './store-types.js';
export type { ContextIndexProgress } from '../context-index/progress.js';
export type { SqliteStoreOptions } from './sqlite/sqlite.options.js';
export type { SqliteStorePromises } from './sqlite/sqlite.promises.js';
export { sqliteSchemaSql } from './sqlite/sqlite.schema.js';
export type { AppendManager, PostgresAppendOptions } from './postgres/postgres.append-inside.js';
export { postgresSchemaSql } from './postgres/postgres.schema.js';
export type { PostgresPoolOptions, PostgresStoreOptions } from './postgres/postgres.options.js';
export type { FactStoreOptions } from '../streams/streaming-store.js';
export type { CommittedBatch, FactMark, LogPage, LogSource } from '../streams/log-source.js';
export type {
  Fingerprint,
  Intervention,
  LeaseOwner,
  LeaseVersion,
  ParkedFact,
  RecordedIntervention,
  StoredStream,
  StreamLedger,
  StreamReport,
} from '../streams/ledger.js';
