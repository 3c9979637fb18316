import { TestEnvironment } from 'jest-environment-node';
import { isQuick } from '../quick.mjs';
import { Children, shareChildren } from './children.mjs';
import { startedProcesses } from './started-processes.mjs';
import { shareMachineTime } from './waiting/machine-time.mjs';
import { limitByMachineTime } from './waiting/time-limits.mjs';

/** One for all test files of a worker. */
const children = new Children();

/**
 * Node's, with time limits that go by the machine's time. No process that a test file started is left when the file is
 * done: a file that leaves one fails. So does a file of the quick set that starts one at all.
 */
export default class FactstrEnvironment extends TestEnvironment {
  #file;

  constructor(config, context) {
    super(config, context);
    this.#file = context.testPath;
  }

  async setup() {
    await super.setup();
    shareChildren(this.global, children);
    shareMachineTime(this.global);
    startedProcesses();
  }

  handleTestEvent(event, state) {
    if (event.name === 'hook_start') limitByMachineTime(event.hook, state);
    if (event.name === 'test_fn_start') limitByMachineTime(event.test, state);
  }

  async teardown() {
    const left = await children.end();
    const started = startedProcesses();
    await super.teardown();
    if (left.length > 0) {
      const told = left.map(({ pid, spawnargs }) => `${pid} (${spawnargs.join(' ')})`);
      throw new Error(`The tests of this file left processes behind: ${told.join(', ')}`);
    }
    if (started.length > 0 && isQuick(this.#file)) {
      throw new Error(
        `This file is in the quick set, and starts processes (${[...new Set(started)].join('; ')}): name it in test/quick.mjs`,
      );
    }
  }
}
