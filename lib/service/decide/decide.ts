import { setTimeout as delay } from 'node:timers/promises';
import { isPromise } from 'node:util/types';
import type {
  AppendIfResult,
  EventQuery,
  FactStore,
  MaybePromise,
  NewEvent,
  QueryResult,
} from '../../contract/contract.types.js';
import { wasRecorded } from '../../contract/append-id.js';
import { DecisionConflictError } from '../../contract/errors.js';
import type { Decided, NormalizedOutcome } from '../../decisions/outcome.js';
import type { PostgresAppendOptions } from '../../stores/postgres/append/append-inside.js';
import { recordedAppendOf } from '../../streams/store-face.js';
import { wasRepeated } from '../append-retry.js';
import { checkAppendSupport } from '../append-support.js';
import { appendOptionsOf, checkDecideOptions } from './decide-options.js';
import type { DecideOptions } from './decide-options.js';
import { insideDecision, isInsideDecision } from '../turns/decision-turns.js';
import type { DecisionTurn, DecisionTurns } from '../turns/decision-turns.js';
import { turnsOf } from '../turns/turns-of.js';

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

/** What is decided, and on what. */
export interface DecisionSubject<Context> {
  /** The context on which the append is conditional. */
  readonly query: EventQuery;
  /** What stands for the append where the caller gives an id and no command; absent: its facts do. */
  readonly command?: unknown;
  /** Reads it. */
  readonly read: () => MaybePromise<Context>;
  readonly versionOf: (context: Context) => bigint | null | undefined;
  /** The caller's decision. */
  readonly decide: (context: Context, attempt: number) => unknown;
  readonly normalized: (outcome: unknown) => NormalizedOutcome;
}

/** Takes turns with this process's other decisions on the context; see `FactstrStore.decide`. */
export async function decideInTurn<Context>(
  raw: FactStore,
  store: Pick<Decider, 'appendIf'>,
  subject: DecisionSubject<Context>,
  options: DecideOptions,
): Promise<Decided<unknown>> {
  checkDecideOptions(options);
  const { retries = 10, signal } = options;
  const { query } = subject;
  const appending = appendOptionsOf(options, raw, subject.command);
  checkAppendSupport(raw, appending);
  signal?.throwIfAborted();
  const isNamed = appending?.command !== undefined;
  if (isNamed) {
    const answer = await recordedOf(raw, appending);
    if (answer !== undefined) return answer;
  }
  // A transaction may hold up the decision that it would wait for, and a decision inside another would wait for itself.
  const waits = appending?.manager === undefined && !isInsideDecision();
  const found = waits ? turnsOf(raw) : undefined;
  const turns = isPromise(found) ? await found : found;
  let turn = turns?.enter(query);
  let failure: unknown;
  /** Of the attempt before. */
  let before: bigint | null | undefined;
  try {
    if (turn?.begins !== undefined) {
      await begun(turn.begins, signal);
      const answer = isNamed ? await recordedOf(raw, appending) : undefined;
      if (answer !== undefined) return answer;
    }
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const context = await subject.read();
      let outcome: NormalizedOutcome;
      try {
        outcome = subject.normalized(await insideDecision(subject.decide, context, attempt));
      } catch (error) {
        // The context may hold the facts of the same call, made in another process at the same time.
        const answer = isNamed ? await recordedOf(raw, appending) : undefined;
        if (answer !== undefined) return answer;
        throw error;
      }
      const { events, result } = outcome;
      // `appendIf` refuses a value that is no array.
      if (Array.isArray(events) && events.length === 0) {
        const answer = isNamed ? await recordedOf(raw, appending) : undefined;
        return answer ?? { appended: null, result };
      }
      signal?.throwIfAborted();
      const version = subject.versionOf(context);
      const verdict = await store.appendIf(events, query, version, appending);
      const { append_result, conflict } = verdict;
      if (append_result !== null && append_result !== undefined) {
        turn?.appended(events);
        // The call that was made at the same time, and came first.
        const isOther = wasRecorded(append_result) && !wasRepeated(verdict);
        return { appended: append_result, result: isOther ? undefined : result };
      }
      if (appending?.manager !== undefined && attempt > 1 && version === before) {
        throw new DecisionConflictError(
          'The context has facts of this transaction, which a decision does not see: it reads what is committed. Append them all by one decision, or decide after the commit.',
          attempt,
        );
      }
      before = version;
      if (attempt > retries) {
        throw new DecisionConflictError(
          `The context changed during each of ${attempt} attempts; its version is ${String(conflict?.actual_context_version)} now. Try again later, or narrow the query.`,
          attempt,
        );
      }
      const next = enteredAnew(turns, turn, query);
      turn = next ?? turn;
      if (next?.begins !== undefined) await begun(next.begins, signal);
      // Contenders that met once must not meet again: up to 2 ms, doubling to 128 ms.
      else await backOff(Math.random() * 2 ** Math.min(attempt, 7), signal);
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    turn?.end(failure);
  }
}

/** The append that was committed under the id before, with an equal command. */
async function recordedOf(
  raw: FactStore,
  { appendId, command }: PostgresAppendOptions,
): Promise<Decided | undefined> {
  const appended = await recordedAppendOf(raw, appendId!, command);
  return appended && { appended, result: undefined };
}

/** A turn for all alternatives of a context, where the former one was for some of them, or is over. */
function enteredAnew(
  turns: DecisionTurns | undefined,
  turn: DecisionTurn | undefined,
  query: EventQuery,
): DecisionTurn | undefined {
  if (turns === undefined || turn?.isPartial !== true) return undefined;
  turn.end();
  return turns.enter(query, true);
}

/** Resolves when the turn begins; rejects with the signal's reason. */
async function begun(begins: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return begins;
  let abort!: () => void;
  const aborted = new Promise<void>((resolve) => (abort = resolve));
  signal.addEventListener('abort', abort);
  try {
    await Promise.race([begins, aborted]);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** By Node's own timer: tests of decisions fake the global ones. */
async function backOff(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  // One that is aborted ends before the next attempt.
  await delay(milliseconds, undefined, signal && { signal }).catch(() => undefined);
}
