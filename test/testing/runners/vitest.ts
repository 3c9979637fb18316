// Run by Vitest.
import * as vitest from 'vitest';
import { FactstrMemoryStore } from 'nestjs-factstr';
import {
  createTestStore,
  describeCursorStore,
  describeFactStore,
  factMatchers,
} from 'nestjs-factstr/testing';
import type { FactMatchers } from 'nestjs-factstr/testing';
import type { CursorStore, StoreWithLog } from 'nestjs-factstr';
import { contractOnly } from '../support/contract-only.js';

describeFactStore(vitest, () => contractOnly(new FactstrMemoryStore()));

describeCursorStore(vitest, (): CursorStore => {
  const store = new FactstrMemoryStore() as unknown as StoreWithLog;
  return store.log.cursorStore;
});

declare module 'vitest' {
  // oxlint-disable-next-line no-unused-vars -- as Vitest declares it
  interface Matchers<
    R extends void | Promise<void> = void | Promise<void>,
    T = unknown,
  > extends FactMatchers<R> {}
}

vitest.expect.extend(factMatchers);

vitest.describe('The matchers', () => {
  vitest.it('work in Vitest', async () => {
    const { expect } = vitest;
    const store = createTestStore();
    const noted = { event_type: 'noted', payload: { n: 1 } };
    await store.append([noted]);
    await expect(store).toHaveAppended(noted);
    expect(await store.query({})).toMatchFacts([noted]);
    expect(await store.appendIf([noted], {}, 7n)).toBeConflict();
    expect(() => expect([noted]).toMatchFacts([])).toThrow('expected 0 facts, found one fact');
  });
});
