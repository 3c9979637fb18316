import type { EventRecord } from 'nestjs-factstr';

/**
 * How a handler misbehaves:
 * - `throw`: at once, before it did anything
 * - `reject`, `false`: after it did its work
 * - `odd text`: rejects, after it did its work, with a text that no database takes as it is
 * - `undescribable`: rejects, after it did its work, with what throws when it is read
 * - `outlast`: succeeds, after its deadline
 * - `obey`: rejects when its signal aborts
 * - `hang`: never settles
 * - `leak rejection`: leaves a promise behind that is rejected later
 * - `leak write`: writes with its transaction's manager after the transaction
 * - `leak query`: does not wait for a statement of its transaction's manager that fails
 */
export type Act =
  | 'throw'
  | 'reject'
  | 'false'
  | 'odd text'
  | 'undescribable'
  | 'outlast'
  | 'obey'
  | 'hang'
  | 'leak rejection'
  | 'leak write'
  | 'leak query';

/** What a fact makes of a projection's handler, and how often within a process. */
export interface ActPlan {
  readonly act: Act;
  readonly times: number;
}

/** A payload that carries, for some projections, what their handlers are to do. */
export interface PlannedPayload {
  readonly by: string;
  readonly batch: number;
  readonly n: number;
  readonly acts?: Readonly<Record<string, ActPlan>>;
}

export function planOf({ payload }: EventRecord, projection: string): ActPlan | undefined {
  return (payload as PlannedPayload).acts?.[projection];
}
