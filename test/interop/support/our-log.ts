import { expect } from '@jest/globals';
import type { NewEvent } from '../../../lib/contract/contract.types.js';
import type { FactstrStore } from '../../../lib/service/factstr-store.js';
import type { FactstrEngine } from '../../support/engine/engine.js';
import type { SharedLog } from './logs.js';

const ACCOUNTS = 50;
export const PER_BATCH = 100;
/** Far more than the newest ones, which are indexed in memory. */
export const WRITTEN = 40 * PER_BATCH;

const account = (number: number) => ({
  filters: [{ event_types: ['paid'], payload_predicates: [{ account: { number } }] }],
});
const paid = (number: number): NewEvent => ({
  event_type: 'paid',
  payload: { account: { number }, amount: 1 },
});

/** Facts of many contexts. */
export const batch = (): NewEvent[] =>
  Array.from({ length: PER_BATCH }, (_, index) => paid(index % ACCOUNTS));

/** A log of ours with everything that we add to it: leases of a stream that has stopped, an index, functions. */
export async function fillWithOurs(log: SharedLog): Promise<void> {
  const store = log.store();
  for (let written = 0; written < WRITTEN; written += PER_BATCH) await store.append(batch());
  await store.streamAllDurable({ name: 's' }, () => undefined);
  await store.close();
  expect(await log.ownObjects()).toContain('nestjs_factstr_streams');
}

/** Each context is answered, and decided on, equally: by whom the turn is. Nobody else may write. */
export async function decideInTurn(store: FactstrStore, engine: FactstrEngine): Promise<void> {
  for (let number = 0; number < ACCOUNTS; number += 7) {
    const [ours, theirs] = [
      await store.query(account(number)),
      await engine.query(account(number)),
    ];
    const { current_context_version: version } = ours;
    expect(theirs.current_context_version).toBe(version);
    expect(theirs.event_records).toHaveLength(ours.event_records.length);
    const [first, second] = number % 2 === 0 ? [store, engine] : [engine, store];
    const { append_result } = await first.appendIf([paid(number)], account(number), version);
    const { conflict } = await second.appendIf([paid(number)], account(number), version);
    expect(conflict).toEqual({
      expected_context_version: version,
      actual_context_version: append_result!.last_sequence_number,
    });
  }
}
