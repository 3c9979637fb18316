import type { Equivalent } from './equivalent.js';

const REACHES_END =
  'event_records.length < limit && (last !== null || prepared.min_sequence_number === null);';
const KNOWN_VERSION =
  'Where the version is not known from the facts that were found, it is looked up: the same number, later.';
const ID_STATEMENTS =
  'The look for the id, which comes first, prepares all statements anew when the table is gone.';
const SPARSE =
  'The version of others’ writes is no -1: it is looked up at the next append all the same.';

export const appendsSqlite: readonly Equivalent[] = [
  {
    file: 'lib/stores/memory/memory.log.ts',
    from: 'if (this.#clock.milliseconds !== milliseconds) {',
    to: 'if (true) {',
    reason: 'Only the time that it takes to write the text.',
  },
  {
    file: 'lib/stores/memory/memory.store.ts',
    from: REACHES_END,
    to: 'false;',
    reason: KNOWN_VERSION,
  },
  {
    file: 'lib/stores/memory/memory.store.ts',
    from: REACHES_END,
    to: 'event_records.length < limit && (last !== null && prepared.min_sequence_number === null);',
    reason: KNOWN_VERSION,
  },
  {
    file: 'lib/stores/memory/memory.store.ts',
    from: REACHES_END,
    to: 'event_records.length < limit && (false || prepared.min_sequence_number === null);',
    reason: KNOWN_VERSION,
  },
  {
    file: 'lib/stores/memory/memory.store.ts',
    from: REACHES_END,
    to: 'event_records.length < limit && (last !== null || false);',
    reason: KNOWN_VERSION,
  },
  {
    file: 'lib/stores/sqlite/sqlite.append-ids.ts',
    from: 'rolledBack(): void { this.#statements = undefined; }',
    to: 'rolledBack(): void {}',
    reason: ID_STATEMENTS,
  },
  {
    file: 'lib/stores/sqlite/sqlite.writer.ts',
    from: 'this.#ids.rolledBack();',
    to: ';',
    reason: ID_STATEMENTS,
  },
  {
    file: 'lib/stores/sqlite/sqlite.writer.ts',
    from: '#sparse = { is: false, others: -1n };',
    to: '#sparse = {};',
    reason: SPARSE,
  },
  {
    file: 'lib/stores/sqlite/sqlite.writer.ts',
    from: '#sparse = { is: false, others: -1n };',
    to: '#sparse = { is: true, others: -1n };',
    reason: SPARSE,
  },
  {
    file: 'lib/stores/sqlite/sqlite.writer.ts',
    from: 'this.#sparse = { is: false, others: -1n };',
    to: 'this.#sparse = {};',
    reason: SPARSE,
  },
  {
    file: 'lib/stores/sqlite/sqlite.writer.ts',
    from: 'this.#sparse = { is: false, others: -1n };',
    to: 'this.#sparse = { is: true, others: -1n };',
    reason: SPARSE,
  },
];
