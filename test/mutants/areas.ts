import { appendsPostgres } from './equivalents/appends-postgres.js';
import { appendsSqlite } from './equivalents/appends-sqlite.js';
import { contextIndexSegments } from './equivalents/context-index-segments.js';
import { contextIndex } from './equivalents/context-index.js';
import { contract } from './equivalents/contract.js';
import type { Equivalent } from './equivalents/equivalent.js';
import { cursors } from './equivalents/cursors.js';
import { module } from './equivalents/module.js';
import { postgresIndex } from './equivalents/postgres-index.js';
import { projections } from './equivalents/projections.js';
import { leases } from './equivalents/streams-leases.js';
import { reader } from './equivalents/streams-reader.js';
import { streams } from './equivalents/streams.js';
import { typeorm } from './equivalents/typeorm.js';

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
    // The background of the stores is judged with theirs.
    mutate: ['lib/context-index/**/*.ts', '!lib/context-index/index-builder.ts'],
    tests: [
      'test/context-index/!(*-sharing|*-processes|*-restored|*-boundaries|postgres*|sqlite).spec.ts',
      'test/context-index/sqlite.spec.ts',
    ],
    equivalents: [...contextIndex, ...contextIndexSegments],
  },
  {
    name: 'streams',
    mutate: [
      'lib/streams/**/*.ts',
      'lib/cursors/{active-names,cursor-texts,lease,process-identity}.ts',
      'lib/support/deep-freeze.ts',
      'lib/support/async/turns.ts',
    ],
    tests: ['test/streams/*.spec.ts', 'test/conformance/memory.spec.ts'],
    equivalents: [...streams, ...reader, ...leases],
  },
  {
    name: 'cursors',
    mutate: [
      'lib/cursors/{cursor-store,sql/*}.ts',
      `${STORES}/memory/cursor-store.ts`,
      `${STORES}/{postgres,sqlite}/cursors/cursor-store.ts`,
    ],
    tests: [
      'test/leases/{cursor-store,cursor-store-*,postgres-cursor-store,sqlite-cursor-store,sql-steps,runner,rebuild,verbs}.spec.ts',
      'test/typeorm/read-model-cursor-store.spec.ts',
    ],
    equivalents: cursors,
  },
  {
    name: 'projections',
    mutate: [
      'lib/projections/*.ts',
      'lib/projections/{delivery,runner}/*.ts',
      'lib/support/async/{exclusive,until,call-signal,follow-signal,back-off}.ts',
    ],
    tests: [
      'test/projections/!(database-outage|odd-errors|own-verbs|refused-writes).spec.ts',
      'test/leases/verbs-by-owner.spec.ts',
    ],
    equivalents: projections,
  },
  {
    name: 'appends-sqlite',
    mutate: [
      `${STORES}/sqlite/append/*.ts`,
      `${STORES}/sqlite/{connection/{records,busy},log/log,cursors/boundaries,index/{context,context-index,known-log}}.ts`,
      `${STORES}/memory/{store,log,facts,append-ids,context}.ts`,
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
      `${STORES}/postgres/append/*.ts`,
      `${STORES}/postgres/connection/{errors,records}.ts`,
      `${STORES}/postgres/schema/{append-function,append-turn,group-function}.ts`,
      `${STORES}/postgres/log/{batches,filters,notifier,query}.ts`,
      'lib/context-index/index-builder.ts',
      `${STORES}/postgres/index/{context-index,index-builder,known-log,log-state}.ts`,
      'lib/support/async/{loader,rounds}.ts',
    ],
    tests: [
      'test/postgres/{append-functions,appender,append-queue,append-queue-refused,append-statement,appending,errors,filters,groups,groups-beside-import,groups-look-ups,in-flight,loader,notifier,pages,reading,rounds}.spec.ts',
      'test/typeorm/appending-inside.spec.ts',
      'test/context-index/postgres-{interleaved,deciding,known-log,known-looks,known-tables,log-state,remembering,keeper,keeper-pauses,keeper-steps,keeper-tables}.spec.ts',
      'test/conformance/postgres.spec.ts',
    ],
    equivalents: [...appendsPostgres, ...postgresIndex],
  },
  {
    name: 'module',
    mutate: [
      'lib/service/append-retry.ts',
      'lib/service/turns/{decision-turns,matched-shapes,turn-keys,turn-queue}.ts',
      'lib/module/projections/active-versions.ts',
    ],
    tests: [
      'test/module/*.spec.ts',
      'test/e2e/module/{append-ids,decide,decide-ids,versions}.spec.ts',
    ],
    equivalents: module,
  },
  {
    name: 'typeorm',
    mutate: ['lib/typeorm/*.ts', 'lib/projections/transactional/*.ts'],
    tests: [
      'test/typeorm/{errors,faults,handler-guard,lost-answers,lost-commits,operators,read-model-cursor-store,read-only,refusals,switching,transactional-commits}.spec.ts',
    ],
    equivalents: typeorm,
  },
];
