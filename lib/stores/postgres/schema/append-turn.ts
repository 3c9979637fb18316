import { WRONG_ISOLATION, WRONG_LOG } from '../connection/errors.js';

/** End with the function. A writer of the application's transaction keeps its own; policies raise an error. */
export const SETTINGS = `LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
SET row_security = off`;

/** For a function that looks facts up: GIN tells all that it has. */
export const LOOK_UP_SETTINGS = `${SETTINGS}
SET gin_fuzzy_search_limit = 0`;

/** Whatever the session has set for all functions. */
export const PRAGMA = '#variable_conflict error';

/** A schema may be renamed, or its tables replaced, at any moment: what is written has to be of the caller's log. */
export const SAME_LOG = `IF {events}::regclass::oid <> in_log THEN
    RAISE EXCEPTION USING ERRCODE = '${WRONG_LOG}', MESSAGE = 'the table is another one than the store opened';
  END IF;`;

/**
 * A writer's turn. It takes, in this order,
 * - ROW EXCLUSIVE on `events`, which FACTSTR's writers exclude, and
 * - an advisory lock, which our own writers exclude one another by without blocking vacuum;
 * only statements after that see what the writer before committed, hence VOLATILE and READ COMMITTED.
 * `synchronous_commit` has to last until the commit.
 */
export const TURN = `IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION USING ERRCODE = '${WRONG_ISOLATION}', MESSAGE =
      'appending needs READ COMMITTED, not ' || upper(current_setting('transaction_isolation'));
  END IF;
  PERFORM set_config('lock_timeout', in_lock_timeout, true);
  LOCK TABLE {schema}.events IN ROW EXCLUSIVE MODE;
  PERFORM pg_advisory_xact_lock(hashtextextended({lock}, 0));
  ${SAME_LOG}
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;`;

/** What the writer finds. The time tells a log from another one of the same length. */
export const LOOK = `SELECT e.sequence_number, e.occurred_at INTO out_head, head_at
  FROM {schema}.events AS e ORDER BY e.sequence_number DESC LIMIT 1;
  out_head := coalesce(out_head, 0);
  out_head_at := extract(epoch FROM head_at)::text;`;
