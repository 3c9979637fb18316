import { expect, it } from '@jest/globals';
import { Inbox } from '../support/inbox/inbox.js';
import { upTo } from '../support/facts/facts.js';
import { until } from '../support/waiting/until.js';
import { describeSharedLogs } from './support/describe.js';
import { sharedLogs } from './support/logs.js';
import { PER_BATCH, WRITTEN, batch, decideInTurn, fillWithOurs } from './support/our-log.js';

const isIndex = (name: string): boolean => name.includes('_index_');

describeSharedLogs('Our own tables and functions', (kind) => {
  const createLog = sharedLogs(kind);

  it('do not keep FACTSTR from opening, writing and resuming', async () => {
    const log = await createLog();
    await fillWithOurs(log);
    const before = await log.ownObjects();
    const engine = await log.engine();
    await engine.append(batch());
    const theirs = new Inbox();
    await engine.stream({ name: 's' }, theirs.handle);
    expect(theirs.flat).toEqual(upTo(WRITTEN + PER_BATCH).slice(WRITTEN));
    await decideInTurn(log.store(), engine);
    expect(await log.ownObjects()).toEqual(before);
  });

  it('are made again after they were dropped, while FACTSTR went on writing', async () => {
    const log = await createLog();
    await fillWithOurs(log);
    const before = await log.ownObjects();
    const engine = await log.engine();
    await engine.append(batch());
    await log.dropOwn();
    expect(await log.ownObjects()).toEqual([]);
    await engine.append(batch());

    const store = log.store();
    const ours = new Inbox();
    await store.streamAllDurable({ name: 's' }, ours.handle);
    expect(ours.flat).toEqual(upTo(WRITTEN + 2 * PER_BATCH).slice(WRITTEN));
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
    await fillWithOurs(log);
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
