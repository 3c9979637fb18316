import { setTimeout as pause } from 'node:timers/promises';
import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  FactStore,
  MaybePromise,
  NewEvent,
  QueryResult,
} from '../contract/contract.types.js';
import { DecisionConflictError, InvalidOptionsError } from '../contract/errors.js';
import { isWhole } from '../contract/numbers.js';
import type { PostgresAppendOptions } from '../stores/postgres/append/append-inside.js';
import { checkAppendSupport } from './append-support.js';
import { DecisionTurns, insideDecision, isInsideDecision } from './decision-turns.js';

/**
 * Options of `decide`.
 *
 * @publicApi
 */
export interface DecideOptions extends PostgresAppendOptions {
  /** How often the decision is made again after a conflict. Default 10. */
  retries?: number | undefined;
}

/** Decides on a context: the events that it returns are appended if the context has not changed meanwhile. */
export type Decision = (context: QueryResult) => MaybePromise<NewEvent[]>;

/** What `decide` needs of the service. */
export interface Decider {
  query(query: EventQuery): MaybePromise<QueryResult>;
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    version: bigint | null | undefined,
    options?: PostgresAppendOptions,
  ): Promise<AppendIfResult>;
}

const KNOWN: Record<keyof DecideOptions, true> = {
  retries: true,
  appendId: true,
  command: true,
  manager: true,
};

/** Takes turns with this process's other decisions on the context; see `FactstrStore.decide`. */
export async function decideInTurn(
  raw: FactStore,
  store: Decider,
  query: EventQuery,
  decision: Decision,
  options: DecideOptions,
): Promise<AppendResult | null> {
  checkOptions(options);
  const { retries = 10 } = options;
  const appending = appendOptions(options);
  checkAppendSupport(raw, appending);
  // A transaction may hold up the decision that it would wait for, and a decision inside another would wait for itself.
  const waits = appending?.manager === undefined && !isInsideDecision();
  const turn = waits ? DecisionTurns.of(raw).enter(query) : undefined;
  if (turn?.begins !== undefined) await turn.begins;
  let failure: unknown;
  try {
    for (let attempt = 1; ; attempt++) {
      const context = await store.query(query);
      const version = context.current_context_version;
      const events = await insideDecision(decision, context);
      // `appendIf` refuses a value that is no array.
      if (Array.isArray(events) && events.length === 0) return null;
      const { append_result, conflict } = await store.appendIf(events, query, version, appending);
      if (append_result !== null && append_result !== undefined) return append_result;
      if (attempt > retries) {
        throw new DecisionConflictError(
          `The context changed during each of ${attempt} attempts; its version is ${String(conflict?.actual_context_version)} now. Try again later, or narrow the query.`,
          attempt,
        );
      }
      // Contenders that met once must not meet again: up to 2 ms, doubling to 128 ms.
      await pause(Math.random() * 2 ** Math.min(attempt, 7));
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    turn?.end(failure);
  }
}

/** @throws InvalidOptionsError */
function checkOptions(options: DecideOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(
      `The options of decide are an object such as { retries: 3 }, not ${options === null ? 'null' : `a ${typeof options}`}. Nothing was decided.`,
    );
  }
  for (const key in options) {
    if (Object.hasOwn(KNOWN, key) || options[key as keyof DecideOptions] === undefined) continue;
    throw new InvalidOptionsError(
      `decide has the unknown option ${JSON.stringify(key.slice(0, 60))}; known are ${Object.keys(KNOWN).join(', ')}. Nothing was decided.`,
    );
  }
  const { retries = 0 } = options;
  if (!isWhole(retries, 0)) {
    throw new InvalidOptionsError(`retries is ${String(retries)}; expected 0 or more.`);
  }
}

/** The append's options, without absent ones. */
function appendOptions({
  appendId,
  command,
  manager,
}: DecideOptions): PostgresAppendOptions | undefined {
  if (appendId === undefined && command === undefined && manager === undefined) return undefined;
  return {
    ...(appendId === undefined ? {} : { appendId }),
    ...(command === undefined ? {} : { command }),
    ...(manager === undefined ? {} : { manager }),
  };
}
