import { appendsPostgres } from './equivalents/appends-postgres.js';
import { appendsSqlite } from './equivalents/appends-sqlite.js';
import { contextIndexSegments } from './equivalents/context-index-segments.js';
import { contextIndex } from './equivalents/context-index.js';
import { contract } from './equivalents/contract.js';
import type { Equivalent } from './equivalents/equivalent.js';
import { ledger } from './equivalents/ledger.js';
import { module } from './equivalents/module.js';
import { postgresIndex } from './equivalents/postgres-index.js';
import { projections } from './equivalents/projections.js';
import { leases } from './equivalents/streams-leases.js';
import { reader } from './equivalents/streams-reader.js';
import { streams } from './equivalents/streams.js';

/** A part of the library, and the tests that are asked whether they notice a mutant of it. */
export interface Area {
  readonly name: string;
  /** Globs of files that are mutated. */
  readonly mutate: readonly string[];
  /** Globs of test files: those that start no processes and play no faults. */
  readonly tests: readonly string[];
  readonly equivalents: readonly Equivalent[];
}

const STORES = 'lib/stores';

export const areas: readonly Area[] = [
  {
    name: 'contract',
    mutate: [
      'lib/contract/*.ts',
      'lib/matching/*.ts',
      'lib/support/{describe-error,storable-text}.ts',
    ],
    tests: ['test/contract/*.spec.ts', 'test/texts/*.spec.ts', 'test/conformance/memory.spec.ts'],
    equivalents: contract,
  },
  {
    name: 'context-index',
    mutate: ['lib/context-index/*.ts'],
    tests: [
      'test/context-index/!(*-sharing|*-restored|*-boundaries|postgres*|sqlite).spec.ts',
      'test/context-index/sqlite.spec.ts',
    ],
    equivalents: [...contextIndex, ...contextIndexSegments],
  },
  {
    name: 'streams',
    mutate: ['lib/streams/*.ts'],
    tests: ['test/streams/*.spec.ts', 'test/conformance/memory.spec.ts'],
    equivalents: [...streams, ...reader, ...leases],
  },
  {
    name: 'ledger',
    mutate: [
      `${STORES}/ledger/*.ts`,
      `${STORES}/*/*.ledger.ts`,
      `${STORES}/sqlite/sqlite.ledger-tables.ts`,
    ],
    tests: [
      'test/leases/{ledger,ledger-*,postgres-ledger,sqlite-ledger,sql-steps,runner,rebuild,verbs}.spec.ts',
      'test/typeorm/read-model-ledger.spec.ts',
    ],
    equivalents: ledger,
  },
  {
    name: 'projections',
    mutate: ['lib/projections/*.ts'],
    tests: ['test/projections/!(database-outage|odd-errors|own-verbs|refused-writes).spec.ts'],
    equivalents: projections,
  },
  {
    name: 'appends-sqlite',
    mutate: [
      `${STORES}/sqlite/sqlite.{append-ids,append-queue,writer,record,log,boundaries,busy,time,context,context-index,known-log}.ts`,
      `${STORES}/memory/memory.{store,log,facts,append-ids,context}.ts`,
    ],
    tests: [
      'test/sqlite/*.spec.ts',
      'test/memory/*.spec.ts',
      'test/context-index/{memory,memory-context,sqlite,sqlite-boundaries,sqlite-index,sqlite-index-builder,sqlite-index-segments}.spec.ts',
      'test/conformance/{memory,sqlite,sqlite-promises}.spec.ts',
    ],
    equivalents: appendsSqlite,
  },
  {
    name: 'appends-postgres',
    mutate: [
      `${STORES}/postgres/postgres.{append,append-function,append-inside,append-queue,append-turn,appender,batches,errors,filters,group-function,loader,notifier,query,rounds,records,known-log,log-state,context-index,index-keeper}.ts`,
    ],
    tests: [
      'test/postgres/{append-functions,appender,append-queue,append-queue-refused,append-statement,appending,errors,filters,groups,in-flight,loader,notifier,pages,reading,rounds}.spec.ts',
      'test/typeorm/appending-inside.spec.ts',
      'test/context-index/postgres-{interleaved,deciding,known-log,known-looks,known-tables,log-state,remembering,keeper,keeper-pauses,keeper-steps,keeper-tables}.spec.ts',
      'test/conformance/postgres.spec.ts',
    ],
    equivalents: [...appendsPostgres, ...postgresIndex],
  },
  {
    name: 'module',
    mutate: ['lib/module/{active-versions,append-retry,decision-turns}.ts'],
    tests: ['test/module/*.spec.ts', 'test/e2e/module/{append-ids,decide,versions}.spec.ts'],
    equivalents: module,
  },
];
