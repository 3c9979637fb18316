import { expect } from '@jest/globals';
import { FactstrMemoryStore, factQuery } from 'nestjs-factstr';
import type { NewEvent } from 'nestjs-factstr';
import { EnrolmentState } from '../enrolment.state.js';
import type { EnrolmentFact } from '../facts.js';
import type { RuleReason, UnknownReason } from '../rule-violation.js';

/** What a log of these facts amounts to. Their sequence numbers are 1, 2, 3, … */
export function given(...facts: NewEvent[]): EnrolmentState {
  const log = new FactstrMemoryStore();
  for (const fact of facts) log.append([fact]);
  return EnrolmentState.of(log.query(factQuery()).event_records as EnrolmentFact[]);
}

/** For `toThrow`: a refusal with that reason for programs and that message for people. */
export function refusal(reason: RuleReason | UnknownReason, message: string): unknown {
  return expect.objectContaining({ reason, message });
}
