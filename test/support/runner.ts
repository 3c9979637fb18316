import * as jest from '@jest/globals';
import type { TestRunner } from '../../lib/testing/conformance/runner.js';
import { machineTime } from './waiting/machine-time.mjs';

/** Jest, for the suites of the kit, with the patience of our other tests. */
export const runner: TestRunner = { ...jest, now: machineTime };
