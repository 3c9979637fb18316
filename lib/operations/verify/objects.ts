import type { SchemaDifference } from '../schema/difference.js';
import { comparePostgres } from '../schema/postgres-schema.js';
import { compareSqlite } from '../schema/sqlite-schema.js';
import type { Verification } from './problem.js';

/** Come with the first append that needs them. */
const LATE = /nestjs_factstr_(?:appends|metadata)/;

/**
 * Tables, columns, indexes and functions are there, and are ours. What `migrate` makes is a problem only where this
 * package has made the others: FACTSTR alone makes none of them, and a setting endangers no fact.
 */
export async function verifyObjects({ read, tell }: Verification): Promise<void> {
  const found =
    read.provider === 'postgres' ? await comparePostgres(read) : await compareSqlite(read);
  const isOurs = await read.hasTable('nestjs_factstr_streams');
  // Of another version, whose processes have their own: this one makes its functions when it starts.
  const hasOthers = found.some(({ kind, object }) => kind === 'left over' && object.startsWith('function ')); // prettier-ignore
  const counts = ({ kind, object }: SchemaDifference): boolean => {
    // Told by `verifyBatches`, with the row.
    if (kind === 'left over' || object.startsWith('marker ')) return false;
    if (kind === 'different' || object === 'table append_batches') return true;
    if (!isOurs || LATE.test(object) || object.startsWith('setting ')) return false;
    return !(hasOthers && object.startsWith('function '));
  };
  for (const { object, kind, detail } of found.filter(counts)) {
    const says = kind === 'missing' ? 'it is missing' : 'it is not as it should be';
    await tell({ check: 'objects', row: object, says, wayOut: detail });
  }
}
