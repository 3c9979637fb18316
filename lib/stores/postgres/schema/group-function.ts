import { LOOK, LOOK_UP_SETTINGS, PRAGMA, SAME_LOG, TURN } from './append-turn.js';

/**
 * A group of appends: one round trip, one transaction.
 *
 * `in_sizes`, `in_append_ids`, `in_hashes`, `in_command_hashes`, `in_permanent`, `in_conditional`, `in_expected`, `in_since`, `in_newest`,
 * `in_earlier` and `in_filter_counts` have an element per member, judged in order, each against what is committed
 * and the members before it:
 * - `in_newest` is the newest match among the facts up to `in_since`, by the caller's knowledge; those after it are
 *   looked at here. The caller knows the log up to `in_known`, a fact of the time `in_known_at`. Where that is no
 *   longer so, or more than `in_gap` facts came since, nothing is written and `out_firsts` is NULL.
 * - `in_earlier` names the facts of earlier members that match, newest first: `{member,offset,…}`.
 * - `out_firsts` has the first number of each member that was committed now, `out_actual` the newest match of each
 *   that was not, and `out_recorded` first and last number and hashes of those whose append id was there before.
 * - An id of `in_permanent` is kept for ever: no time is after the one that it gets.
 * - Filters arrive as parallel arrays, each element the text of an array, empty for an absent part; scalar
 *   predicates apart, as `@>` lets them match arrays, and ours do not.
 * - `in_metadata`, `in_causations` and `in_correlations` tell what is kept besides the facts; all three are NULL where
 *   no member has any.
 * - No array has an element that is NULL, as a session may have turned off what reads one (`array_nulls`): `''`, 0
 *   and, for a version that is expected to be absent, -1 stand for nothing.
 * - `in_log` is the table that the caller knows the log as.
 *
 * OFFSET 0 keeps the planner from scanning the primary key backwards in search of a maximum, and from using the
 * payloads' index where the range of numbers is short.
 */
export const GROUP_HEAD = `CREATE FUNCTION {schema}.{name}(
  in_types text[],
  in_payloads text[],
  in_members integer[],
  in_places integer[],
  in_sizes integer[],
  in_append_ids text[],
  in_hashes text[],
  in_command_hashes text[],
  in_permanent boolean[],
  in_conditional boolean[],
  in_expected bigint[],
  in_since bigint[],
  in_newest bigint[],
  in_earlier text[],
  in_filter_counts integer[],
  in_filter_types text[],
  in_filter_containers text[],
  in_filter_scalars text[],
  in_metadata text[],
  in_causations bigint[],
  in_correlations text[],
  in_log oid,
  in_known bigint,
  in_known_at text,
  in_gap bigint,
  in_sparse boolean,
  in_retention bigint,
  in_lock_timeout text,
  OUT out_head bigint,
  OUT out_head_at text,
  OUT out_at text,
  OUT out_firsts bigint[],
  OUT out_actual bigint[],
  OUT out_recorded text[]
) ${LOOK_UP_SETTINGS}
AS {body}`;

export const GROUP_BODY = `
${PRAGMA}
DECLARE
  head_at timestamptz;
  committed_at timestamptz;
  last_number bigint;
  actual bigint;
  newest bigint;
  since bigint;
  members integer := cardinality(in_sizes);
  first_filter integer;
  filters_end integer := 1;
  starts bigint[] := array_fill(NULL::bigint, ARRAY[members]);
  actuals bigint[] := array_fill(NULL::bigint, ARRAY[members]);
  earlier integer[];
  types text[];
  containers jsonb[];
  scalars jsonb[];
  recorded record;
  ids integer := 0;
  batches boolean := NOT in_sparse;
BEGIN
  ${TURN}
  ${LOOK}

  IF in_known IS NOT NULL THEN
    IF in_known < out_head THEN
      SELECT e.occurred_at INTO head_at FROM {schema}.events AS e WHERE e.sequence_number = in_known;
    END IF;
    IF in_known > out_head OR out_head - in_known > in_gap
      OR (in_known > 0 AND extract(epoch FROM head_at)::text IS DISTINCT FROM in_known_at)
    THEN
      RETURN;
    END IF;
  END IF;
  last_number := out_head;

  FOR member IN 1 .. members LOOP
    first_filter := filters_end;
    filters_end := first_filter + in_filter_counts[member];

    IF in_append_ids[member] <> '' THEN
      SELECT a.facts_hash, a.command_hash, a.first_sequence_number, a.last_sequence_number INTO recorded
      FROM {schema}.nestjs_factstr_appends AS a WHERE a.append_id = in_append_ids[member];
      IF FOUND THEN
        out_recorded := coalesce(out_recorded, array_fill(NULL::text, ARRAY[members]));
        out_recorded[member] := concat_ws(' ', recorded.first_sequence_number,
          recorded.last_sequence_number, recorded.facts_hash, recorded.command_hash);
        CONTINUE;
      END IF;
    END IF;

    IF in_conditional[member] THEN
      actual := nullif(in_newest[member], 0);
      since := in_since[member];
      newest := NULL;
      IF in_earlier[member] <> '' THEN
        earlier := in_earlier[member]::integer[];
        FOR i IN 1 .. cardinality(earlier) BY 2 LOOP
          IF starts[earlier[i]] IS NOT NULL THEN
            newest := starts[earlier[i]] + earlier[i + 1];
            actual := newest;
            EXIT;
          END IF;
        END LOOP;
      END IF;
      IF newest IS NULL AND since < out_head THEN
        FOR i IN first_filter .. filters_end - 1 LOOP
          types := nullif(in_filter_types[i], '')::text[];
          containers := nullif(in_filter_containers[i], '')::jsonb[];
          scalars := nullif(in_filter_scalars[i], '')::jsonb[];
          IF containers IS NULL AND types IS NULL THEN
            newest := out_head;
          ELSIF since > 0 THEN
            SELECT max(m.n) INTO newest FROM (
              SELECT e.sequence_number AS n, e.event_type, e.payload FROM {schema}.events AS e
              WHERE e.sequence_number > since ORDER BY e.sequence_number
              OFFSET 0
            ) AS m
            WHERE (types IS NULL OR m.event_type = ANY (types))
              AND (containers IS NULL OR m.payload @> ANY (containers)
                OR (m.payload @> ANY (scalars) AND jsonb_typeof(m.payload) <> 'array'));
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
          actual := greatest(actual, newest);
        END LOOP;
      END IF;
      IF coalesce(actual, -1) <> in_expected[member] THEN
        actuals[member] := actual;
        CONTINUE;
      END IF;
    END IF;

    starts[member] := last_number + 1;
    last_number := last_number + in_sizes[member];
    batches := batches OR in_sizes[member] > 1;
    IF in_append_ids[member] <> '' THEN
      INSERT INTO {schema}.nestjs_factstr_appends
        (append_id, facts_hash, first_sequence_number, last_sequence_number, appended_at, command_hash)
      VALUES (in_append_ids[member], in_hashes[member], starts[member], last_number,
        CASE WHEN in_permanent[member] THEN 'infinity' ELSE clock_timestamp() END,
        nullif(in_command_hashes[member], ''));
      ids := ids + 1;
    END IF;
  END LOOP;

  IF last_number > out_head THEN
    committed_at := clock_timestamp();
    out_at := extract(epoch FROM committed_at)::text;
    IF members = 1 THEN
      INSERT INTO {schema}.events (sequence_number, occurred_at, event_type, payload)
      SELECT out_head + f.place, committed_at, f.event_type, f.payload::jsonb
      FROM unnest(in_types, in_payloads) WITH ORDINALITY AS f (event_type, payload, place);
    ELSE
      INSERT INTO {schema}.events (sequence_number, occurred_at, event_type, payload)
      SELECT starts[f.member] + f.place, committed_at, f.event_type, f.payload::jsonb
      FROM unnest(in_types, in_payloads, in_members, in_places) AS f (event_type, payload, member, place)
      WHERE starts[f.member] IS NOT NULL;
    END IF;
    IF batches THEN
      INSERT INTO {schema}.append_batches (first_sequence_number, last_sequence_number)
      SELECT b.first, b.first + b.size - 1
      FROM unnest(starts, in_sizes) AS b (first, size)
      WHERE b.first IS NOT NULL AND (b.size > 1 OR NOT in_sparse);
    END IF;
    IF in_metadata IS NOT NULL THEN
      -- Of numbers that are given again: the newest facts were removed from the log.
      DELETE FROM {schema}.nestjs_factstr_metadata AS m WHERE m.first_sequence_number > out_head;
      INSERT INTO {schema}.nestjs_factstr_metadata
        (first_sequence_number, last_sequence_number, causation, correlation, metadata)
      SELECT m.first, m.first + m.size - 1, nullif(m.causation, 0), nullif(m.correlation, ''), m.metadata
      FROM unnest(starts, in_sizes, in_causations, in_correlations, in_metadata)
        AS m (first, size, causation, correlation, metadata)
      WHERE m.first IS NOT NULL AND m.metadata <> '';
    END IF;
    IF ids > 0 THEN
      DELETE FROM {schema}.nestjs_factstr_appends AS a WHERE a.append_id IN (
        SELECT e.append_id FROM {schema}.nestjs_factstr_appends AS e
        WHERE e.appended_at < committed_at - in_retention * interval '1 millisecond'
        ORDER BY e.appended_at LIMIT 2 * ids
      );
    END IF;
  END IF;
  ${SAME_LOG}
  out_firsts := starts;
  out_actual := actuals;
END`;
