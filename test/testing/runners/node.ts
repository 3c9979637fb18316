// Run by node --test.
import * as test from 'node:test';
import { expect } from 'expect';
import { FactstrMemoryStore } from 'nestjs-factstr';
import { describeCursorStore, describeFactStore } from 'nestjs-factstr/testing';
import type { CursorStore, StoreWithLog } from 'nestjs-factstr';
import { contractOnly } from '../support/contract-only.js';

const runner = { ...test, expect };

describeFactStore(runner, () => contractOnly(new FactstrMemoryStore()));

describeCursorStore(runner, (): CursorStore => {
  const store = new FactstrMemoryStore() as unknown as StoreWithLog;
  return store.log.cursorStore;
});
