import { ForeignDatabaseError } from '../../../contract/errors.js';
import type { AppendFunction, FunctionShape } from './append-function.js';
import { quoteIdentifier } from '../connection/sql-text.js';

/**
 * The functions of the schema `$1` with the names `$2`: each one's name, shape as JSON, and arguments. Types by their own
 * names, and the rest as it is stored, so that no setting of the session shows.
 */
export const FUNCTIONS_QUERY = `
SELECT p.proname, pg_catalog.json_build_object(
  'body', p.prosrc,
  'arguments', (
    SELECT pg_catalog.string_agg(
      coalesce(p.proargmodes[a.place]::text, 'i') || ' ' || p.proargnames[a.place] || ' ' || t.typname,
      ', ' ORDER BY a.place)
    FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS a (type, place)
    JOIN pg_catalog.pg_type AS t ON t.oid = a.type),
  'result', (SELECT t.typname FROM pg_catalog.pg_type AS t WHERE t.oid = p.prorettype),
  'language', (SELECT l.lanname FROM pg_catalog.pg_language AS l WHERE l.oid = p.prolang),
  'behaviour', pg_catalog.concat_ws(' ', p.provolatile, p.prokind, p.proisstrict, p.proretset),
  'security', pg_catalog.concat_ws('', p.prosecdef),
  'settings', pg_catalog.array_to_string(p.proconfig, ';'))::text,
  pg_catalog.pg_get_function_identity_arguments(p.oid)
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = $1 AND p.proname = ANY ($2::text[])`;

/** As `pg_type` calls them. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  'text[]': '_text',
  'integer[]': '_int4',
  'bigint[]': '_int8',
  'boolean[]': '_bool',
  bigint: 'int8',
  boolean: 'bool',
};

const WORDS: Readonly<Record<keyof FunctionShape, string>> = {
  body: 'its body',
  arguments: 'its arguments',
  result: 'its result',
  language: 'its language',
  behaviour: 'its volatility or kind',
  security: 'its security (SECURITY DEFINER)',
  settings: 'its settings (SET …)',
};

/**
 * A function's name is no proof of what it does.
 *
 * @throws ForeignDatabaseError
 */
export function checkFunction(
  schema: string,
  { name, shape }: AppendFunction,
  { found, types }: { readonly found: string; readonly types: string },
  target: string,
): void {
  const there = JSON.parse(found) as Partial<FunctionShape>;
  const other = (Object.keys(WORDS) as (keyof FunctionShape)[]).filter(
    (part) => comparable(part, there[part]) !== comparable(part, shape[part]),
  );
  if (other.length === 0) return;
  throw new ForeignDatabaseError(
    `The function ${name} of ${target}, schema ${quoteIdentifier(schema)}, is not what this version made: ` +
      `${other.map((part) => WORDS[part]).join(', ')} differs. Nothing was changed. Drop what stands in its place, and the ` +
      `function is made anew: DROP FUNCTION ${quoteIdentifier(schema)}.${name} (${types}); with initialize: false ` +
      'run what postgresSchemaSql() prints.',
  );
}

/** What editors, migrations and `quote_all_identifiers` change of a text says nothing. */
function comparable(part: keyof FunctionShape, text: string | undefined): string {
  const plain = (text ?? '').replace(/\s+/g, ' ').trim();
  if (part === 'settings') return plain.replace(/["']/g, '');
  if (part !== 'arguments') return plain;
  return plain.replace(/[a-z]+(\[\])?(?=,|$)/g, (type) => TYPE_NAMES[type] ?? type);
}
