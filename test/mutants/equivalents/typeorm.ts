import type { Equivalent } from './equivalent.js';

export const typeorm: readonly Equivalent[] = [
  {
    file: 'lib/typeorm/handler-guard.ts',
    from: "return async () => check('START TRANSACTION');",
    to: 'return async () => check("");',
    reason: 'An empty statement is refused as the beginning of a transaction is.',
  },
  {
    file: 'lib/typeorm/handler-guard.ts',
    from: ': checkedRunner(runner, refuseWrites, { startable: false });',
    to: ': checkedRunner(runner, refuseWrites, {});',
    reason: 'An option that is absent is as false as one that says so.',
  },
  {
    file: 'lib/typeorm/handler-guard.ts',
    from: 'return this.#inside.run(true, call);',
    to: 'return this.#inside.run(false, call);',
    reason: 'It is asked whether there is a value, not which.',
  },
  {
    file: 'lib/typeorm/typeorm.commits.ts',
    from: 'if (timeout !== undefined && timeout >= longest) {',
    to: 'if (true && timeout >= longest) {',
    reason: 'What is undefined is not greater than any number.',
  },
];
