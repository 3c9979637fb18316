import type { Equivalent } from './equivalent.js';

/** Of what walks the log, and what stores have of it. */
export const streams: readonly Equivalent[] = [
  {
    file: 'lib/streams/clean-context.ts',
    from: "const outside = new AsyncResource('FactstrHandlers');",
    to: 'const outside = new AsyncResource("");',
    reason: 'The name is for tools that look at async resources.',
  },
  {
    file: 'lib/streams/clean-context.ts',
    from: "readonly #resource = outside.runInAsyncScope(() => new AsyncResource('FactstrHandler'));",
    to: 'readonly #resource = outside.runInAsyncScope(() => new AsyncResource(""));',
    reason: 'The name is for tools that look at async resources.',
  },
  {
    file: 'lib/support/deep-freeze.ts',
    from: "if (typeof member === 'object' && member !== null) pending.push(member as object);",
    to: 'if (true) pending.push(member as object);',
    reason: 'What is no object counts as frozen, and is passed over when its turn comes.',
  },
  {
    file: 'lib/support/deep-freeze.ts',
    from: "if (typeof member === 'object' && member !== null) pending.push(member as object);",
    to: "if (typeof member === 'object' || member !== null) pending.push(member as object);",
    reason: 'What is no object counts as frozen, and is passed over when its turn comes.',
  },
  {
    file: 'lib/support/deep-freeze.ts',
    from: "if (typeof member === 'object' && member !== null) pending.push(member as object);",
    to: 'if (true && member !== null) pending.push(member as object);',
    reason: 'What is no object counts as frozen, and is passed over when its turn comes.',
  },
  {
    file: 'lib/support/deep-freeze.ts',
    from: "if (typeof member === 'object' && member !== null) pending.push(member as object);",
    to: "if (typeof member === 'object' && true) pending.push(member as object);",
    reason: 'What is no object counts as frozen, and is passed over when its turn comes.',
  },
  {
    file: 'lib/streams/reader/fact-mark.ts',
    from: 'if (one === other) return true;',
    to: 'if (false) return true;',
    reason: 'One and the same object is equal to itself part by part, only slower.',
  },
  {
    file: 'lib/streams/reader/former-log.ts',
    from: 'this.#facts = [];',
    to: 'this.#facts = ["Stryker was here"];',
    reason:
      'Nobody asks for the facts again once it is known what they tell: they are let go for memory.',
  },
  {
    file: 'lib/streams/live-stream.ts',
    from: 'if (firstOwn === undefined || first < firstOwn) firstOwn = first;',
    to: 'if (firstOwn === undefined || first <= firstOwn) firstOwn = first;',
    reason: 'The same number again.',
  },
  {
    file: 'lib/streams/live-stream.ts',
    from: 'return firstOwn !== undefined && firstOwn <= standing.position',
    to: 'return true && firstOwn <= standing.position',
    reason: '`undefined` is not less than any number.',
  },
  {
    file: 'lib/streams/reader/newest-batches.ts',
    from: 'if (end === undefined || end < after) return true;',
    to: 'if (false || end < after) return true;',
    reason: 'With nothing kept there is no fact to compare, which fits.',
  },
  {
    file: 'lib/streams/reader/newest-batches.ts',
    from: 'const number = last < end ? last : end;',
    to: 'const number = last <= end ? last : end;',
    reason: 'Of equal numbers either will do.',
  },
  {
    file: 'lib/streams/reader/newest-batches.ts',
    from: 'if (number === 0n) return true;',
    to: 'if (false) return true;',
    reason: 'No fact is kept at 0, which fits.',
  },
  {
    file: 'lib/streams/reader/newest-batches.ts',
    from: 'if (end !== undefined && end !== after) {',
    to: 'if (true && end !== after) {',
    reason: 'With nothing kept there is nothing to drop.',
  },
  {
    file: 'lib/streams/reader/newest-batches.ts',
    from: 'if (batch === undefined) return null;',
    to: 'if (false) return null;',
    reason: 'All callers have a batch around the number, or know the fact otherwise.',
  },
  {
    file: 'lib/streams/stream-walk.ts',
    from: 'if (!(await this.#stands(page).catch(() => false))) return false;',
    to: 'if (!(await this.#stands(page).catch(() => undefined))) return false;',
    reason: 'Both say that it does not stand.',
  },
  {
    file: 'lib/streams/stream-walk.ts',
    from: 'if (fact !== this.#standing.fact || log !== page.log) {',
    to: 'if (true) {',
    reason: 'The same standing, made anew.',
  },
  {
    file: 'lib/streams/stream-walk.ts',
    from: 'if (passing !== undefined) await passing;',
    to: 'if (true) await passing;',
    reason: 'Waits for a turn of the microtasks more.',
  },
  {
    file: 'lib/streams/stream-walk.ts',
    from: 'return true;',
    to: 'return false;',
    reason: 'Costs a read: the page that was read ahead is asked for again.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: 'protected settled(): Promise<void> { return Promise.resolve(); }',
    to: 'protected settled(): Promise<void> {}',
    reason: 'What is awaited beside streams may be nothing.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: 'this.#closing.catch(() => undefined);',
    to: ';',
    reason: 'Only the memory store is asked here, whose closing does not fail.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: "worksBehindProxy(this, { except: ['assertOpen'], fixed: true });",
    to: 'worksBehindProxy(this, {});',
    reason:
      'Methods that nobody calls through a Proxy, and which of two ways they are bound in: faster, or open to a test’s replacements.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: "worksBehindProxy(this, { except: ['assertOpen'], fixed: true });",
    to: 'worksBehindProxy(this, { except: [], fixed: true });',
    reason:
      'Methods that nobody calls through a Proxy, and which of two ways they are bound in: faster, or open to a test’s replacements.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: "worksBehindProxy(this, { except: ['assertOpen'], fixed: true });",
    to: 'worksBehindProxy(this, { except: [""], fixed: true });',
    reason:
      'Methods that nobody calls through a Proxy, and which of two ways they are bound in: faster, or open to a test’s replacements.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: "worksBehindProxy(this, { except: ['assertOpen'], fixed: true });",
    to: "worksBehindProxy(this, { except: ['assertOpen'], fixed: false });",
    reason:
      'Methods that nobody calls through a Proxy, and which of two ways they are bound in: faster, or open to a test’s replacements.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: 'limits: true,',
    to: 'limits: false,',
    reason: 'Of the table only the names are read.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: 'leaseTtl: true,',
    to: 'leaseTtl: false,',
    reason: 'Of the table only the names are read.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: 'appendIdRetention: true,',
    to: 'appendIdRetention: false,',
    reason: 'Of the table only the names are read.',
  },
  {
    file: 'lib/support/async/turns.ts',
    from: "signal.addEventListener('abort', () => resolve(), { once: true });",
    to: "signal.addEventListener('abort', () => resolve(), {});",
    reason: 'A signal aborts once.',
  },
  {
    file: 'lib/support/async/turns.ts',
    from: "signal.addEventListener('abort', () => resolve(), { once: true });",
    to: "signal.addEventListener('abort', () => resolve(), { once: false });",
    reason: 'A signal aborts once.',
  },
  {
    file: 'lib/streams/streaming-store.ts',
    from: "protected abilities(): Pick<StoreCapabilities, 'managers' | 'promises'> { return {}; }",
    to: "protected abilities(): Pick<StoreCapabilities, 'managers' | 'promises'> {}",
    reason: 'It is spread into the capabilities: nothing has no members either.',
  },
  {
    file: 'lib/streams/store-face.ts',
    from: "if (own !== undefined && limit !== undefined && isOwn(store, 'close')) {",
    to: "if (true && limit !== undefined && isOwn(store, 'close')) {",
    reason: 'A method that is a store’s own is one of a store of ours.',
  },
];
