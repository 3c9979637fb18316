import { TestEnvironment } from 'jest-environment-node';
import { Children, shareChildren } from './children.mjs';

/** One for all test files of a worker. */
const children = new Children();

/** Node's, and no process that a test file started is left when the file is done: a file that leaves one fails. */
export default class FactstrEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    shareChildren(this.global, children);
  }

  async teardown() {
    const left = await children.end();
    await super.teardown();
    if (left.length === 0) return;
    const told = left.map(({ pid, spawnargs }) => `${pid} (${spawnargs.join(' ')})`);
    throw new Error(`The tests of this file left processes behind: ${told.join(', ')}`);
  }
}
