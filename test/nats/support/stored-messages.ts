import { readFileSync } from 'node:fs';
import { ContextQuery } from '../../../lib/context-index/terms/context-plan.js';
import type { ContextAppend } from '../../../lib/context-index/terms/context-plan.js';
import { prepareAppend } from '../../../lib/contract/append-request.js';
import type { AppendOutcome } from '../../../lib/contract/append-request.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { encodeMessage, linesOf } from '../../../lib/nats/log/message.js';
import type { StoredCall, StoredMessage } from './semantics-1.js';

/** What a message's appends came to, as JSON. */
export type StoredOutcome =
  | { readonly committed: readonly [first: number, last: number] }
  | { readonly conflict: readonly [expected: number | null, actual: number | null] }
  | { readonly reused: string };

/** What a log of stored messages comes to. */
export interface StoredLog {
  readonly verdicts: readonly { readonly name: string; readonly outcomes: StoredOutcome[] }[];
  readonly facts: readonly StoredFact[];
}

export interface StoredFact {
  readonly sequence_number: number;
  readonly occurred_at: string;
  readonly event_type: string;
  readonly payload: unknown;
}

export function storedPath(semantics: number, file: string): URL {
  return new URL(`../fixtures/semantics-${semantics}/${file}`, import.meta.url);
}

/** The bytes of a message as the release that brought its semantics wrote them. */
export function storedBytes(semantics: number, name: string): Buffer {
  return readFileSync(storedPath(semantics, `${name}.message`));
}

export function storedLog(semantics: number): StoredLog {
  return JSON.parse(readFileSync(storedPath(semantics, 'log.json'), 'utf8')) as StoredLog;
}

/** The bytes as this release writes them. */
export function bytesOf({ name, appends }: StoredMessage): Buffer {
  return encodeMessage(
    name,
    appends.map((call) => linesOf(requestOf(call))),
  );
}

export function storedOutcome(outcome: AppendOutcome): StoredOutcome {
  if ('refusal' in outcome) return { reused: outcome.refusal.code };
  const { append_result: appended, conflict } = outcome.verdict;
  if (appended) {
    const { first_sequence_number, last_sequence_number } = appended;
    return { committed: [Number(first_sequence_number), Number(last_sequence_number)] };
  }
  const { expected_context_version, actual_context_version } = conflict!;
  return { conflict: [numberOf(expected_context_version), numberOf(actual_context_version)] };
}

function requestOf(call: StoredCall): ContextAppend {
  const { events, query, expected, ...options } = call;
  const condition = {
    query: query!,
    expected: typeof expected === 'number' ? BigInt(expected) : null,
  };
  return prepareAppend(
    { events, options, ...(query === undefined ? {} : { condition }) },
    DEFAULT_LIMITS,
    (prepared) => new ContextQuery(prepared),
  );
}

function numberOf(version: bigint | null | undefined): number | null {
  return version === null || version === undefined ? null : Number(version);
}
