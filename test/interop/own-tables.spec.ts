import { expect, it } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import type { FactstrStore } from '../../lib/module/factstr-store.js';
import { Inbox } from '../conformance/support/inbox.js';
import { upTo } from '../conformance/support/facts.js';
import { until } from '../conformance/support/until.js';
import { describeSharedLogs } from './support/describe.js';
import type { FactstrEngine } from './support/engine.js';
import type { SharedLog } from './support/logs.js';
import { sharedLogs } from './support/logs.js';

const ACCOUNTS = 50;
/** Far more than the newest ones, which are indexed in memory. */
const BATCHES = Array.from({ length: 40 }, (_, index) => index);
const PER_BATCH = 100;

const account = (number: number) => ({
  filters: [{ event_types: ['paid'], payload_predicates: [{ account: { number } }] }],
});
const paid = (number: number): NewEvent => ({
  event_type: 'paid',
  payload: { account: { number }, amount: 1 },
});
const batch = (): NewEvent[] =>
  Array.from({ length: PER_BATCH }, (_, index) => paid(index % ACCOUNTS));

/** Each context is answered, and decided on, equally: by whom the turn is. */
async function decideInTurn(store: FactstrStore, engine: FactstrEngine): Promise<void> {
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

const isIndex = (name: string): boolean => name.includes('_index_');

/** A log of ours with everything that we add to it: leases of a stream that has stopped, an index, functions. */
async function ourLog(log: SharedLog): Promise<void> {
  const store = log.store();
  for (const _ of BATCHES) await store.append(batch());
  await store.streamAllDurable({ name: 's' }, () => undefined);
  await store.close();
  expect(await log.ownObjects()).toContain('nestjs_factstr_streams');
}

describeSharedLogs('Our own tables and functions', (kind) => {
  const createLog = sharedLogs(kind);
  const written = BATCHES.length * PER_BATCH;

  it('do not keep FACTSTR from opening, writing and resuming', async () => {
    const log = await createLog();
    await ourLog(log);
    const before = await log.ownObjects();
    const engine = await log.engine();
    await engine.append(batch());
    const theirs = new Inbox();
    await engine.stream({ name: 's' }, theirs.handle);
    expect(theirs.flat).toEqual(upTo(written + PER_BATCH).slice(written));
    await decideInTurn(log.store(), engine);
    expect(await log.ownObjects()).toEqual(before);
  });

  it('are made again after they were dropped, while FACTSTR went on writing', async () => {
    const log = await createLog();
    await ourLog(log);
    const before = await log.ownObjects();
    const engine = await log.engine();
    await engine.append(batch());
    await log.dropOwn();
    expect(await log.ownObjects()).toEqual([]);
    await engine.append(batch());

    const store = log.store();
    const ours = new Inbox();
    await store.streamAllDurable({ name: 's' }, ours.handle);
    expect(ours.flat).toEqual(upTo(written + 2 * PER_BATCH).slice(written));
    await decideInTurn(store, engine);
    await until(
      async () => {
        await store.append(batch());
        return (await log.ownObjects()).length === before.length;
      },
      () => 'our tables to be there again',
    );
    expect((await log.ownObjects()).toSorted()).toEqual(before.toSorted());
    await decideInTurn(store, engine);
  });

  it('lose the context index at any time without a wrong answer', async () => {
    const log = await createLog();
    await ourLog(log);
    const [store, engine] = [log.store(), await log.engine()];
    await decideInTurn(store, engine);
    for (let turn = 0; turn < 3; turn++) {
      await log.dropOwn(isIndex);
      await engine.append(batch());
      await decideInTurn(store, engine);
      for (let more = 0; more < 12; more++) await store.append(batch());
      await decideInTurn(store, engine);
    }
  });
});
