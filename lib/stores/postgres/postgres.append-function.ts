import { createHash } from 'node:crypto';
import { WRONG_ISOLATION } from './postgres.errors.js';
import { dollarQuote, quoteIdentifier, quoteLiteral } from './postgres.sql-text.js';

/**
 * The append, server side: one round trip, one transaction. It takes, in this order,
 * - ROW EXCLUSIVE on `events`, which FACTSTR's writers exclude, and
 * - an advisory lock, which our own writers exclude one another by without blocking vacuum;
 * only statements after that see what the writer before committed, hence VOLATILE and READ COMMITTED.
 *
 * A context arrives as parallel arrays, an element per filter, each the text of an array or NULL for an absent
 * part; scalar predicates apart, as `@>` lets them match arrays, and ours do not. OFFSET 0 keeps the planner
 * from walking the primary key backwards in search of a maximum.
 *
 * Its SET clauses end with it; `synchronous_commit` has to last until the commit.
 */
const HEAD = `CREATE FUNCTION {schema}.{name}(
  in_event_types text[],
  in_payloads text[],
  in_conditional boolean,
  in_expected bigint,
  in_filter_types text[],
  in_filter_containers text[],
  in_filter_scalars text[],
  in_sparse boolean,
  in_lock_timeout text,
  OUT out_first bigint,
  OUT out_actual bigint
) LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
AS {body}`;

const BODY = `
DECLARE
  head bigint;
  newest bigint;
  committed_at timestamptz;
  types text[];
  containers jsonb[];
  scalars jsonb[];
  facts integer := cardinality(in_event_types);
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION USING ERRCODE = '${WRONG_ISOLATION}', MESSAGE =
      'appending needs READ COMMITTED, not ' || upper(current_setting('transaction_isolation'));
  END IF;
  PERFORM set_config('lock_timeout', in_lock_timeout, true);
  LOCK TABLE {schema}.events IN ROW EXCLUSIVE MODE;
  PERFORM pg_advisory_xact_lock(hashtextextended({lock}, 0));
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  head := coalesce((SELECT max(sequence_number) FROM {schema}.events), 0);

  IF in_conditional THEN
    FOR i IN 1 .. coalesce(array_length(in_filter_types, 1), 0) LOOP
      types := in_filter_types[i]::text[];
      containers := in_filter_containers[i]::jsonb[];
      scalars := in_filter_scalars[i]::jsonb[];
      IF containers IS NULL AND types IS NULL THEN
        newest := nullif(head, 0);
      ELSIF containers IS NULL THEN
        SELECT max(e.sequence_number) INTO newest FROM {schema}.events AS e
        WHERE e.event_type = ANY (types);
      ELSIF cardinality(scalars) = 0 AND types IS NULL THEN
        SELECT max(m.n) INTO newest FROM (
          SELECT e.sequence_number AS n FROM {schema}.events AS e
          WHERE e.payload @> ANY (containers)
          OFFSET 0
        ) AS m;
      ELSIF cardinality(scalars) = 0 THEN
        SELECT max(m.n) INTO newest FROM (
          SELECT e.sequence_number AS n FROM {schema}.events AS e
          WHERE e.event_type = ANY (types) AND e.payload @> ANY (containers)
          OFFSET 0
        ) AS m;
      ELSE
        SELECT max(m.n) INTO newest FROM (
          SELECT e.sequence_number AS n FROM {schema}.events AS e
          WHERE (types IS NULL OR e.event_type = ANY (types))
            AND (e.payload @> ANY (containers)
              OR (e.payload @> ANY (scalars) AND jsonb_typeof(e.payload) <> 'array'))
          OFFSET 0
        ) AS m;
      END IF;
      out_actual := greatest(out_actual, newest);
    END LOOP;
    IF out_actual IS DISTINCT FROM in_expected THEN
      RETURN;
    END IF;
  END IF;

  committed_at := clock_timestamp();
  INSERT INTO {schema}.events (sequence_number, occurred_at, event_type, payload)
  SELECT head + f.ordinal, committed_at, f.event_type, f.payload::jsonb
  FROM unnest(in_event_types, in_payloads) WITH ORDINALITY AS f (event_type, payload, ordinal);
  IF facts > 1 OR NOT in_sparse THEN
    INSERT INTO {schema}.append_batches (first_sequence_number, last_sequence_number)
    VALUES (head + 1, head + facts);
  END IF;
  out_first := head + 1;
END`;

/** Never replaced: another text is another name, so that two versions of the application can run beside each other. */
export const APPEND_FUNCTION = `nestjs_factstr_append_${createHash('sha256')
  .update(HEAD + BODY)
  .digest('hex')
  .slice(0, 12)}`;

/** The arguments' types, as GRANT wants them. */
export const APPEND_FUNCTION_ARGUMENTS =
  'text[], text[], boolean, bigint, text[], text[], text[], boolean, text';

export function appendFunctionSql(schema: string): string {
  const filled = (template: string): string =>
    template
      .replaceAll('{schema}', () => quoteIdentifier(schema))
      .replaceAll('{lock}', () => quoteLiteral(`nestjs-factstr append ${schema}`));
  return filled(HEAD)
    .replace('{name}', APPEND_FUNCTION)
    .replace('{body}', () => dollarQuote(filled(BODY)));
}
