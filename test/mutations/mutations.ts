/** A guard of a promise, and what the code would be without it. */
export interface Mutation {
  readonly name: string;
  /** What is broken without the guard. */
  readonly promise: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Paths for Jest. At least one of their tests has to fail: a guard whose absence nobody notices is not tested. */
  readonly suites: readonly string[];
}

export const mutations: readonly Mutation[] = [
  {
    name: 'sqlite-synchronous',
    promise: 'what was acknowledged survives a power cut',
    file: 'lib/stores/sqlite/sqlite.file.ts',
    find: 'PRAGMA synchronous = FULL',
    replace: 'PRAGMA synchronous = NORMAL',
    suites: ['test/sqlite/opening'],
  },
  {
    name: 'sqlite-immediate',
    promise: 'an append that waits for the lock sees what was committed before it',
    file: 'lib/stores/sqlite/sqlite.connection.ts',
    find: "'BEGIN IMMEDIATE'",
    replace: "'BEGIN DEFERRED'",
    suites: ['test/sqlite/processes', 'test/sqlite/locks'],
  },
  {
    name: 'epoch-fence',
    promise: 'a stale owner commits nothing',
    file: 'lib/stores/ledger/ledger-sql.ts',
    find: `    mark: \`UPDATE \${streams} SET \${markSet}
WHERE name = $1 AND epoch = \${number('$2')}`,
    replace: `    mark: \`UPDATE \${streams} SET \${markSet}
WHERE name = $1 AND \${number('$2')} IS NOT NULL`,
    suites: ['test/leases/ledger', 'test/leases/processes'],
  },
  {
    name: 'epoch-fence-postgres',
    promise: 'a stale owner commits nothing',
    file: 'lib/stores/ledger/ledger-sql.ts',
    find: `  WHERE name = $1 AND epoch = \${number('$2')}\${`,
    replace: `  WHERE name = $1 AND \${number('$2')} IS NOT NULL\${`,
    suites: ['test/leases/ledger', 'test/leases/processes'],
  },
  {
    name: 'claim-compares',
    promise: 'at most one owner',
    file: 'lib/stores/ledger/ledger-sql.ts',
    find: "WHERE name = $1 AND epoch = ${number('$2')} AND renewals = ${number('$3')}",
    replace: "WHERE name = $1 AND ${number('$2')} IS NOT NULL AND ${number('$3')} IS NOT NULL",
    suites: ['test/leases/ledger'],
  },
  {
    name: 'cursor-fingerprint',
    promise: 'a log that was restored and has grown past a cursor is noticed',
    file: 'lib/streams/fingerprint.ts',
    find: 'fingerprintOf(record).hash !== fingerprint.hash',
    replace: 'false',
    suites: ['test/conformance/sqlite.spec', 'test/conformance/postgres'],
  },
  {
    name: 'cursor-ahead',
    promise: 'a cursor beyond the head is reported',
    file: 'lib/streams/fingerprint.ts',
    find: 'if (position > head) {',
    replace: 'if (position < 0n) {',
    suites: ['test/conformance/sqlite.spec', 'test/conformance/postgres'],
  },
  {
    name: 'wake-up-between-read-and-sleep',
    promise: 'no gap between replay and live',
    file: 'lib/streams/log-reader.ts',
    find: 'if (seen !== this.#commits || signal.aborted) return Promise.resolve();',
    replace: 'if (signal.aborted) return Promise.resolve();',
    suites: ['test/conformance', 'test/streams'],
  },
  {
    name: 'live-start-own-commits',
    promise: 'appends called after a live stream was asked for are delivered',
    file: 'lib/streams/live-stream.ts',
    find: 'firstOwn !== undefined && firstOwn <= found ? firstOwn - 1n : found',
    replace: 'found',
    suites: ['test/conformance/postgres', 'test/postgres', 'test/model'],
  },
  {
    name: 'joined-read-before-wake-up',
    promise: 'no fact is missed when two streams share a read',
    file: 'lib/streams/log-reader.ts',
    find: 'read?.after === after && read.news === this.#news',
    replace: 'read?.after === after',
    suites: ['test/streams', 'test/conformance'],
  },
  {
    name: 'cursor-after-failure',
    promise: 'a cursor moves only after the handler succeeded',
    file: 'lib/streams/durable-stream.ts',
    find: `      await this.#store();
      throw error;`,
    replace: '      await this.#store();',
    suites: ['test/conformance/memory', 'test/conformance/sqlite.spec'],
  },
];
