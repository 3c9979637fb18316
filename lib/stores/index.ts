// The stores without Nest: `nestjs-factstr/stores`. Nothing here imports it, nor what imports it.

// The contract
export * from '../contract/contract.types.js';
export * from '../contract/errors.js';
export type { FactStoreLimitOptions, FactStoreLimits } from '../contract/limits.js';

// Stores
export * from './store-types.js';
export type { ContextIndexProgress } from '../context-index/progress.js';
export type { SqliteOwnOptions, SqliteStoreOptions } from './sqlite/options.js';
export type { SqliteStorePromises } from './sqlite/promises.js';
export { sqliteSchemaSql } from './sqlite/schema/schema.js';
export type { AppendManager, PostgresAppendOptions } from './postgres/append/append-inside.js';
export { postgresSchemaSql } from './postgres/schema/schema.js';
export type {
  PostgresOwnOptions,
  PostgresPoolOptions,
  PostgresStoreOptions,
} from './postgres/options.js';
export type { FactStoreCommonOptions, FactStoreOptions } from '../streams/streaming-store.js';
export type { StoreWithLog } from '../streams/store-face.js';
export type { CommittedBatch, FactMark, LogPage, LogSource } from '../streams/log-source.js';
export type {
  Fingerprint,
  Intervention,
  LeaseOwner,
  LeaseVersion,
  ParkedFact,
  QueryChange,
  ProjectionRequest,
  RecordedIntervention,
  StoredStream,
  CursorStore,
  StreamReport,
} from '../cursors/cursor-store.js';

// Facts with a schema
export { defineFacts } from '../facts/schemas/fact-schemas.js';
export type {
  DefinedFacts,
  FactSchemas,
  FactsOf,
  SchemasByType,
  UsableSchema,
} from '../facts/schemas/fact-schemas.js';
export { upcast } from '../facts/schemas/definitions.js';
export type { FactDefinition, FactUpcast } from '../facts/schemas/definitions.js';
export type { JsonSchemaOptions } from '../facts/schemas/json-schema.js';
export type {
  SchemaInput,
  SchemaOutput,
  StandardSchema,
  StandardSchemaProps,
  StandardIssue,
  StandardResult,
} from '../facts/schemas/standard-schema.js';
