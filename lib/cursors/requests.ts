import { randomUUID } from 'node:crypto';
import type { ProjectionRequest, RecordedIntervention } from './cursor-store.js';

/** What became of a request. */
export interface RequestOutcome {
  readonly outcome: 'done' | 'failed' | 'expired';
  /** Why it failed. */
  readonly error: string | null;
}

const REQUEST = /^request (reset|rebuild) (\S+) until (\S+)$/;
const OUTCOME = /^(done|failed|expired) ([0-9a-f-]{36})(?:: (.*))?$/s;

export function newRequest(
  asked: Pick<ProjectionRequest, 'verb' | 'by' | 'position'>,
  lasts: number,
): ProjectionRequest {
  const expires = new Date(Date.now() + lasts).toISOString();
  return { ...asked, id: randomUUID(), expires };
}

/** The recorded verb. */
export function requestVerb({ verb, id, expires }: ProjectionRequest): string {
  return `request ${verb} ${id} until ${expires}`;
}

/** The recorded verb. */
export function outcomeVerb(id: string, { outcome, error }: RequestOutcome): string {
  return `${outcome} ${id}${error === null ? '' : `: ${error}`}`;
}

/** The oldest request without an outcome. */
export function nextRequest(
  recorded: readonly RecordedIntervention[],
): ProjectionRequest | undefined {
  for (const { verb: text, by, position } of recorded) {
    const [, verb, id, expires] = REQUEST.exec(text) ?? [];
    if (id === undefined || position === null || outcomeOf(recorded, id) !== undefined) continue;
    return { id, verb: verb as ProjectionRequest['verb'], by, position, expires: expires! };
  }
  return undefined;
}

/** What became of a request; `undefined` while it waits. */
export function outcomeOf(
  recorded: readonly RecordedIntervention[],
  request: string,
): RequestOutcome | undefined {
  for (const { verb } of recorded) {
    const [, outcome, id, error] = OUTCOME.exec(verb) ?? [];
    if (id === request)
      return { outcome: outcome as RequestOutcome['outcome'], error: error ?? null };
  }
  return undefined;
}
