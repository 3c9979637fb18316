import type {
  AppendIfResult,
  AppendResult,
  NewEvent,
} from '../../../lib/contract/contract.types.js';
import { FactstrError } from '../../../lib/contract/errors.js';
import type { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { fact, ofTypes } from '../../support/facts/facts.js';

/** An append of a group: what it writes, and how it is called. */
export interface Member {
  readonly events: NewEvent[];
  call(store: FactstrSqliteStore): Promise<AppendResult | AppendIfResult>;
}

/** What became of it: its first number, a conflict's actual version, or an error's code. */
export type Outcome =
  { readonly first: bigint } | { readonly actual: bigint | null } | { readonly code: string };

/**
 * Appends that are called together, the second of which depends on the first one: its context is what that one
 * writes to an empty log.
 */
export function members(): Member[] {
  const of = (name: string, count = 1): NewEvent[] =>
    Array.from({ length: count }, (_, n) => fact(name, { member: name, n }));
  const append = (events: NewEvent[], appendId?: string): Member => ({
    events,
    call: (store) => store.promises.append(events, { appendId }),
  });
  const appendIf = (events: NewEvent[], type: string, version: bigint | null): Member => ({
    events,
    call: (store) => store.promises.appendIf(events, ofTypes(type), version),
  });
  return [
    append(of('first')),
    appendIf(of('second'), 'first', 1n),
    append(of('third', 2), 'three'),
    appendIf(of('refused'), 'first', null),
    append(of('fourth'), 'four'),
  ];
}

export function callAll(store: FactstrSqliteStore, group: readonly Member[]): Promise<Outcome[]> {
  return Promise.all(group.map((member) => outcomeOf(member.call(store))));
}

export async function outcomeOf(call: Promise<AppendResult | AppendIfResult>): Promise<Outcome> {
  try {
    const result = await call;
    if ('committed_count' in result) return { first: result.first_sequence_number };
    if (result.append_result) return { first: result.append_result.first_sequence_number };
    return { actual: result.conflict?.actual_context_version ?? null };
  } catch (error) {
    if (error instanceof FactstrError) return { code: error.code };
    throw error;
  }
}
