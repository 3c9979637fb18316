// Run by Vitest.
import * as vitest from 'vitest';
import { FactstrMemoryStore } from 'nestjs-factstr';
import { describeCursorStore, describeFactStore } from 'nestjs-factstr/testing';
import type { CursorStore, StoreWithLog } from 'nestjs-factstr';
import { contractOnly } from '../support/contract-only.js';

describeFactStore(vitest, () => contractOnly(new FactstrMemoryStore()));

describeCursorStore(vitest, (): CursorStore => {
  const store = new FactstrMemoryStore() as unknown as StoreWithLog;
  return store.log.cursorStore;
});
