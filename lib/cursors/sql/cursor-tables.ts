import type { CursorTables } from './cursor-sql.js';
import type { SqlDialect } from './sql-steps.js';

const OWN = {
  streams: 'nestjs_factstr_streams',
  parked: 'nestjs_factstr_parked',
  interventions: 'nestjs_factstr_interventions',
};

/** Of a fact store: the cursors are FACTSTR's table. */
export const STORE_TABLES: Readonly<Record<SqlDialect, CursorTables>> = {
  sqlite: { ...OWN, cursors: 'subscriber_cursors', cursorName: 'subscriber_id', hasPlace: true },
  postgres: {
    ...OWN,
    cursors: 'durable_stream_cursors',
    cursorName: 'durable_stream_id',
    hasPlace: true,
  },
};

/** Beside a read model. */
export const READ_MODEL_TABLES: CursorTables = {
  ...OWN,
  cursors: 'nestjs_factstr_cursors',
  cursorName: 'name',
};

/** The tables as `nameOf` writes their names in statements. */
export function namedTables(tables: CursorTables, nameOf: (table: string) => string): CursorTables {
  return {
    ...tables,
    cursors: nameOf(tables.cursors),
    streams: nameOf(tables.streams),
    parked: nameOf(tables.parked),
    interventions: nameOf(tables.interventions),
  };
}
