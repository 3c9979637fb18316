import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrPostgresStore,
  FactstrProjections,
  FactstrSqliteStore,
  FactstrStore,
  OnFacts,
  ParseSequencePipe,
  postgresSchemaSql,
} from 'nestjs-factstr';
import type {
  DecideOptions,
  DurableProjectionOptions,
  EventQuery,
  FactStoreLimits,
  FactstrMemoryOptions,
  FactstrModuleExtras,
  FactstrPostgresOptions,
  FactstrSqliteOptions,
  OnFactsOptions,
  PostgresAppendOptions,
  PostgresPoolOptions,
  PostgresStoreOptions,
  ProjectionSelector,
  ReadOptions,
  SqliteStoreOptions,
  VerbOptions,
} from 'nestjs-factstr';

/** What was left open says `undefined`, and is absent. */
type LeftOpen<T> = { [K in keyof T as undefined extends T[K] ? K : never]-?: undefined };

type Memory = LeftOpen<FactstrMemoryOptions>;
declare const memory: Memory;
declare const sqlite: LeftOpen<FactstrSqliteOptions>;
declare const postgres: LeftOpen<FactstrPostgresOptions>;
declare const pool: LeftOpen<PostgresPoolOptions>;
declare const extras: LeftOpen<FactstrModuleExtras>;
declare const sqliteStore: LeftOpen<SqliteStoreOptions>;
declare const postgresStore: LeftOpen<PostgresStoreOptions>;
declare const deciding: LeftOpen<DecideOptions>;
declare const appending: LeftOpen<PostgresAppendOptions>;
declare const reading: LeftOpen<ReadOptions>;
declare const verb: LeftOpen<VerbOptions>;
declare const selector: LeftOpen<ProjectionSelector>;
declare const live: LeftOpen<OnFactsOptions>;
declare const durable: LeftOpen<DurableProjectionOptions>;
declare const query: LeftOpen<EventQuery>;
declare const limits: { [K in keyof FactStoreLimits]: undefined };
declare const store: FactstrStore;
declare const projections: FactstrProjections;

// Every option is optional but these: a key that is missing here would be missing above too.
const all: Record<Exclude<keyof FactstrSqliteOptions, 'provider' | 'path'>, undefined> = sqlite;

FactstrModule.forRoot({ provider: 'memory', ...memory, ...extras });
FactstrModule.forRoot({ provider: 'sqlite', path: 'x', ...all });
FactstrModule.forRoot({ provider: 'postgres', url: 'x', ...postgres });
FactstrModule.forRoot({ provider: 'postgres', url: 'x', pool, limits });
FactstrModule.forRoot({ provider: 'memory', handlers: { live: undefined, durable: undefined } });
FactstrModule.forRootAsync({ ...extras, useFactory: () => ({ provider: 'memory', ...memory }) });
export const made = [
  new FactstrSqliteStore('x', sqliteStore),
  new FactstrPostgresStore('x', postgresStore),
  new ParseSequencePipe({ optional: undefined }),
];
postgresSchemaSql({ schema: undefined, role: undefined });
void store.decide(query, () => [], deciding);
void store.append([], appending);
void store.read({ filters: [{ event_types: undefined, payload_predicates: undefined }] }, reading);
void projections.pause('x', verb);
void projections.status('x', selector);
void projections.waitFor('x', 1n, { ...selector, timeout: undefined });
void projections.drained({ timeout: undefined });
void projections.start({ live: undefined, durable: undefined });
void projections.switchTo('x', 2, { force: undefined });

export class Handlers {
  @OnFacts('x', live)
  onFacts() {}

  @DurableProjection({ name: 'x', ...durable, query: 'x' })
  project() {}
}

@DurableProjection({
  name: 'y',
  batch: { maxFacts: 1, maxWait: undefined },
  transactional: { dataSource: undefined },
})
export class ClassForm {
  @ApplyFact('x')
  apply() {}
}
