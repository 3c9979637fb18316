import type { Equivalent } from './equivalent.js';

const SQL = 'lib/cursors/sql/cursor-sql.ts';
const STEPS = 'lib/cursors/sql/sql-steps.ts';

export const cursors: readonly Equivalent[] = [
  {
    file: SQL,
    from: "const time = dialect === 'postgres' ? 'timestamptz' : 'TEXT';",
    to: "const time = true ? 'timestamptz' : 'TEXT';",
    reason: 'SQLite has no clock of its own: the column is always NULL there, of whatever type.',
  },
  {
    file: SQL,
    from: "const time = dialect === 'postgres' ? 'timestamptz' : 'TEXT';",
    to: "const time = dialect === 'postgres' ? 'timestamptz' : \"\";",
    reason: 'SQLite has no clock of its own: the column is always NULL there, of whatever type.',
  },
  {
    file: SQL,
    from: "`CAST(${placeholder} AS ${dialect === 'postgres' ? 'bigint' : 'INTEGER'})`;",
    to: "`CAST(${placeholder} AS ${dialect === 'postgres' ? 'bigint' : \"\"})`;",
    reason:
      'A type without a name is NUMERIC to SQLite, which makes the same integers of these texts.',
  },
  {
    file: 'lib/stores/sqlite/cursors/cursor-store.ts',
    from: "super(cursorSql('sqlite', STORE_TABLES.sqlite), new SqliteStepRunner(connection, retry));",
    to: 'super(cursorSql("", STORE_TABLES.sqlite), new SqliteStepRunner(connection, retry));',
    reason: 'The statements of every dialect but that of Postgres are those of SQLite.',
  },
  {
    file: STEPS,
    from: 'if (known === undefined) {',
    to: 'if (true) {',
    reason: 'A text is taken apart each time instead of once: slower, with the same result.',
  },
  {
    file: STEPS,
    from: 'positional.set(step.sql, known);',
    to: ';',
    reason: 'A text is taken apart each time instead of once: slower, with the same result.',
  },
  {
    file: 'lib/cursors/sql/stored-stream.ts',
    from: 'return text == null ? null : JSON.parse(text);',
    to: 'return false ? null : JSON.parse(text);',
    reason: 'JSON.parse makes null of null.',
  },
  {
    file: 'lib/stores/memory/cursor-store.ts',
    from: 'return facts.sort((a, b) => (a.sequence_number < b.sequence_number ? -1 : 1));',
    to: 'return facts.sort((a, b) => (a.sequence_number <= b.sequence_number ? -1 : 1));',
    reason: 'No two parked facts of a name have one number.',
  },
];
