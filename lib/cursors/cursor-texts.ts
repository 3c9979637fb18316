import { storableText } from '../support/storable-text.js';
import type { LeaseOwner, ParkedFact, StreamReport } from './cursor-store.js';

/**
 * Texts that come from outside (a handler's error, an operator, the host's name), as every cursor store keeps them: what
 * one database refuses must not stop a projection there.
 */

/** Characters of a name that an operator gives. */
const MAX_BY_CHARACTERS = 1_000;

export function storableBy(by: string | null): string | null {
  return by === null ? null : storableText(by, MAX_BY_CHARACTERS);
}

export function storableFact(fact: ParkedFact): ParkedFact {
  return { ...fact, error: storableText(fact.error) };
}

export function storableReport(report: StreamReport): StreamReport {
  const { reason, code, lastError } = report;
  return {
    ...report,
    reason: storableOrNull(reason),
    code: storableOrNull(code),
    lastError: storableOrNull(lastError),
  };
}

export function storableOwner(owner: LeaseOwner): LeaseOwner {
  return { ...owner, host: storableText(owner.host) };
}

function storableOrNull(text: string | null): string | null {
  return text === null ? null : storableText(text);
}
