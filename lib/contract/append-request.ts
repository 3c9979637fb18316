import { checkAppendOptions, prepareAppendId } from './append-id.js';
import type { OwnAppendOptions, PreparedAppendId } from './append-id.js';
import { prepareMetadata } from './append-metadata.js';
import type { PreparedMetadata } from './append-metadata.js';
import type { AppendIfResult, AppendResult, EventQuery, NewEvent } from './contract.types.js';
import { AppendIdReusedError } from './errors.js';
import type { FactStoreLimits } from './limits.js';
import { prepareFacts, prepareQuery, prepareVersion } from './validation.js';
import type { PreparedFact, PreparedQuery } from './validation.js';

/** What a caller asks for, unchecked. */
export interface AppendCall {
  readonly events: NewEvent[];
  readonly options: OwnAppendOptions | undefined;
  /** The condition of `appendIf`; absent for `append`. */
  readonly condition?: {
    readonly query: EventQuery;
    readonly expected: bigint | null | undefined;
  };
}

/** One append, checked: made once where it enters a store, and handed through unchanged to where it is committed. */
export interface AppendRequest<Query extends PreparedQuery = PreparedQuery> {
  readonly facts: readonly PreparedFact[];
  /** The condition of `appendIf`; `null` for `append`. */
  readonly condition: { readonly query: Query; readonly expected: bigint | null } | null;
  readonly appendId: PreparedAppendId | null;
  readonly metadata: PreparedMetadata | null;
}

/** What became of one member of a group of appends. */
export type AppendOutcome =
  { readonly verdict: AppendIfResult } | { readonly refusal: AppendIdReusedError };

/**
 * Checks an append. Nothing is read or written.
 *
 * @param asContext makes of the condition's query what the store looks contexts up by
 * @param known the options that the store has
 * @throws EmptyAppendError, InvalidEventError, InvalidPayloadError, InvalidQueryError, InvalidVersionError,
 * InvalidAppendIdError, InvalidOptionsError, LimitExceededError
 */
export function prepareAppend<Query extends PreparedQuery>(
  { events, options, condition }: AppendCall,
  limits: FactStoreLimits,
  asContext: (query: PreparedQuery) => Query,
  known?: readonly string[],
): AppendRequest<Query> {
  checkAppendOptions(options, known);
  const facts = prepareFacts(events, limits);
  const appendId = prepareAppendId(options?.appendId, facts, limits, options ?? undefined);
  const metadata = prepareMetadata(options?.metadata);
  if (condition === undefined) return { facts, condition: null, appendId, metadata };
  const expected = prepareVersion(condition.expected, 'expectedContextVersion');
  const query = asContext(prepareQuery(condition.query, limits));
  return { facts, condition: { query, expected }, appendId, metadata };
}

/** What `judge` returns, or that the append's id was used before. Other errors are not the append's own. */
export function outcomeOf(judge: () => AppendIfResult): AppendOutcome {
  try {
    return { verdict: judge() };
  } catch (error) {
    if (error instanceof AppendIdReusedError) return { refusal: error };
    throw error;
  }
}

/** The verdict of an append that was committed, now or under its id before. */
export function committed(append_result: AppendResult): AppendIfResult {
  return { append_result, conflict: null };
}

/** The verdict of an append whose context has another version than its condition expects. */
export function refused(
  expected_context_version: bigint | null,
  actual_context_version: bigint | null,
): AppendIfResult {
  return { append_result: null, conflict: { expected_context_version, actual_context_version } };
}
