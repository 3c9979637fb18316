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
    // Without IMMEDIATE nothing is to be noticed: an upgrade that comes too late is refused, and tried again.
    name: 'sqlite-looks-first',
    promise: 'an append that waits for the lock sees what was committed before it',
    file: 'lib/stores/sqlite/sqlite.context-index.ts',
    find: `        this.#refresh();
        const done = work();`,
    replace: '        const done = work();',
    suites: ['test/conformance/sqlite.spec'],
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
    suites: ['test/conformance/sqlite.spec'],
  },
  {
    name: 'cursor-ahead',
    promise: 'a cursor beyond the head is reported',
    file: 'lib/streams/fingerprint.ts',
    find: 'if (record === undefined) {',
    replace: 'if (record === undefined) return;\n  if (position < 0n) {',
    suites: ['test/conformance/sqlite.spec'],
  },
  {
    name: 'wake-up-between-read-and-sleep',
    promise: 'no gap between replay and live',
    file: 'lib/streams/log-reader.ts',
    find: 'if (seen !== this.#commits || signal.aborted) return Promise.resolve();',
    replace: 'if (signal.aborted) return Promise.resolve();',
    suites: ['test/conformance/sqlite.spec', 'test/streams'],
  },
  {
    name: 'live-start-own-commits',
    promise: 'appends called after a live stream was asked for are delivered',
    file: 'lib/streams/live-stream.ts',
    find: 'firstOwn !== undefined && firstOwn <= found ? firstOwn - 1n : found',
    replace: 'found',
    suites: ['test/conformance/postgres', 'test/model/postgres'],
  },
  {
    name: 'joined-read-before-wake-up',
    promise: 'no fact is missed when two streams share a read',
    file: 'lib/streams/log-reader.ts',
    find: 'read?.after === after && read.news === this.#news',
    replace: 'read?.after === after',
    suites: ['test/streams', 'test/conformance/sqlite.spec'],
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
  {
    name: 'postgres-advisory-lock',
    promise: 'writers of ours take turns',
    file: 'lib/stores/postgres/postgres.append-turn.ts',
    find: '  PERFORM pg_advisory_xact_lock(hashtextextended({lock}, 0));\n',
    replace: '',
    // The primary key saves the data: what tells is the errors that nobody expects.
    suites: ['test/conformance/postgres', 'test/history'],
  },
  {
    name: 'postgres-table-lock',
    promise: "a writer of ours waits for FACTSTR's before it looks at the head",
    file: 'lib/stores/postgres/postgres.append-turn.ts',
    find: '  LOCK TABLE {schema}.events IN ROW EXCLUSIVE MODE;\n',
    replace: '',
    suites: ['test/postgres/appending'],
  },
  {
    name: 'postgres-isolation',
    promise: 'an append never decides on an older snapshot',
    file: 'lib/stores/postgres/postgres.append-turn.ts',
    find: "IF current_setting('transaction_isolation') <> 'read committed' THEN",
    replace: "IF current_setting('transaction_isolation') = 'none' THEN",
    suites: ['test/postgres/appending'],
  },
  {
    name: 'postgres-synchronous-commit',
    promise:
      'what was acknowledged survives a crash of the server, whatever the session defaults to',
    file: 'lib/stores/postgres/postgres.append-turn.ts',
    find: "IF current_setting('synchronous_commit') = 'off' THEN",
    replace: "IF current_setting('synchronous_commit') = 'none' THEN",
    suites: ['test/postgres/appending'],
  },
  {
    name: 'group-earlier-members',
    promise: 'an appendIf is judged against the appends of its own group',
    file: 'lib/stores/postgres/postgres.append.ts',
    find: `single ? '{""}' : earlierMatches(pending)`,
    replace: `single ? '{""}' : pending.map(() => '')`,
    suites: ['test/conformance/postgres'],
  },
  {
    name: 'facts-since-what-is-known',
    promise: 'an appendIf is judged by what others committed since the process looked',
    file: 'lib/stores/postgres/postgres.group-function.ts',
    find: 'IF newest IS NULL AND since < out_head THEN',
    replace: 'IF newest IS NULL AND since = 0 THEN',
    suites: ['test/conformance/postgres', 'test/postgres/groups'],
  },
  {
    name: 'known-fact-is-compared',
    promise: 'a restored log is not judged by what a running process remembers of the old one',
    file: 'lib/stores/postgres/postgres.group-function.ts',
    find: 'AND extract(epoch FROM head_at)::text IS DISTINCT FROM in_known_at',
    replace: 'AND head_at IS NULL',
    suites: ['test/context-index/postgres-restored'],
  },
  {
    name: 'append-id-lookup',
    promise: 'an append that is repeated with its id is not made again',
    file: 'lib/contract/append-id.ts',
    find: 'return { id: appendId, facts_hash: hashOf(facts) };',
    replace: 'return { id: `${appendId} ${Math.random()}`, facts_hash: hashOf(facts) };',
    suites: ['test/conformance/sqlite.spec'],
  },
  {
    name: 'one-snapshot',
    promise: "a query's rows and its version are of one moment",
    file: 'lib/context-index/context-index.ts',
    find: 'tail: this.tail.content(),',
    replace: `tail: ((tail) => ({
            get start() { return tail.start; },
            get end() { return tail.end; },
            get terms() { return tail.content().terms; },
            get numbers() { return tail.content().numbers; },
            get mayOverflow() { return tail.content().mayOverflow; },
            get filter() { return tail.content().filter; },
          }))(this.tail),`,
    suites: ['test/conformance/postgres'],
  },
  {
    name: 'query-sees-what-was-committed',
    promise: 'a query sees all that was committed before it was asked',
    file: 'lib/stores/postgres/postgres.context-index.ts',
    find: `    await this.#log.refresh();
    if (!this.#log.isUsable) return undefined;`,
    replace: `    if (!this.#log.isOpen) await this.#log.refresh();
    if (!this.#log.isUsable) return undefined;`,
    suites: ['test/conformance/postgres'],
  },
  {
    name: 'function-of-one-schema',
    promise: 'an append goes to the schema that was asked for, whatever it was called before',
    file: 'lib/stores/postgres/postgres.append-function.ts',
    find: '.update(filled(head) + text)',
    replace: '.update(head + body)',
    suites: ['test/postgres/renamed-schemas'],
  },
  {
    name: 'function-is-compared',
    promise: 'an object of our name is not taken for ours',
    file: 'lib/stores/postgres/postgres.function-check.ts',
    find: 'if (other.length === 0) return;',
    replace: 'if (other.length >= 0) return;',
    suites: ['test/postgres/renamed-schemas'],
  },
  {
    name: 'append-to-the-opened-log',
    promise: "what is known of one log's format is not applied to another of its name",
    file: 'lib/stores/postgres/postgres.append-turn.ts',
    find: 'IF {events}::regclass::oid <> in_log THEN',
    replace: 'IF in_log IS NULL THEN',
    suites: ['test/postgres/renamed-schemas'],
  },
  {
    name: 'version-of-the-opened-log',
    promise: 'what was read of another log of that name is not decided on',
    file: 'lib/stores/postgres/postgres.store.ts',
    find: 'if (rows[0]?.at(-1) === log)',
    replace: 'if (rows.length > 0 && log !== undefined)',
    suites: ['test/postgres/renamed-schemas'],
  },
  {
    name: 'gin-finds-all',
    promise: 'no setting of a session hides facts from a look-up',
    file: 'lib/stores/postgres/postgres.target.ts',
    find: "'gin_fuzzy_search_limit=0',",
    replace: '',
    suites: ['test/postgres/session-settings'],
  },
  {
    name: 'policies-hide-nothing',
    promise: 'row level security raises an error instead of hiding facts',
    file: 'lib/stores/postgres/postgres.target.ts',
    find: "'row_security=off',",
    replace: '',
    suites: ['test/postgres/session-settings'],
  },
];
