import { prepareAppend } from '../../../lib/contract/append-request.js';
import type { OwnAppendOptions } from '../../../lib/contract/append-id.js';
import type { EventQuery, NewEvent } from '../../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareQuery } from '../../../lib/contract/validation.js';
import { ContextQuery } from '../../../lib/context-index/terms/context-plan.js';
import type { ContextAppend } from '../../../lib/context-index/terms/context-plan.js';
import type { FollowedGroup } from '../../../lib/streams/log-view.js';

/** When the log of a test begins. */
export const BEGIN = Date.parse('2026-11-28T10:00:00.000Z');

export interface AppendOf extends OwnAppendOptions {
  readonly query?: EventQuery;
  /** The version that the query is to have; `null` where it is left out. */
  readonly expected?: bigint | null;
}

export function queryOf(query: EventQuery): ContextQuery {
  return new ContextQuery(prepareQuery(query, DEFAULT_LIMITS));
}

/** An append as a log holds it. */
export function append(
  events: readonly NewEvent[],
  { query, expected = null, ...options }: AppendOf = {},
): ContextAppend {
  const condition = query === undefined ? {} : { condition: { query, expected } };
  return prepareAppend(
    { events: [...events], options, ...condition },
    DEFAULT_LIMITS,
    (prepared) => new ContextQuery(prepared),
  );
}

/** A group that the log took `after` milliseconds from its beginning, with a time finer than that. */
export function group(
  after: number,
  appends: readonly ContextAppend[],
  name: string | null = null,
): FollowedGroup {
  const at = BEGIN + after;
  return { name, appends, at, occurred_at: new Date(at).toISOString().replace('Z', '123456Z') };
}
