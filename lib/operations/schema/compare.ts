import type { OperatorDatabase } from '../database/database.types.js';
import type { SchemaDifference } from './difference.js';
import { comparePostgres } from './postgres-schema.js';
import { compareSqlite } from './sqlite-schema.js';

/** In what a database differs from what this version makes. Nothing is changed. */
export function compareSchema(database: OperatorDatabase): Promise<SchemaDifference[]> {
  return database.snapshot((read) =>
    read.provider === 'postgres' ? comparePostgres(read) : compareSqlite(read),
  );
}
