import { beforeAll, describe } from '@jest/globals';
import { BUILD_TIMEOUT, buildEngine } from '../../support/engine/cargo.js';
import { LOG_KINDS } from './logs.js';
import type { LogKind } from './logs.js';

/**
 * Describes what holds beside FACTSTR's own engine. It is built first; where cargo is missing, all of it fails. So
 * these tests have a command of their own, which `.ci/run` leaves out there, and says so.
 */
export function describeBesideFactstr(what: string, tests: () => void): void {
  describe(what, () => {
    beforeAll(() => buildEngine(), BUILD_TIMEOUT);
    tests();
  });
}

/** The same for each kind of log. */
export function describeSharedLogs(what: string, tests: (kind: LogKind) => void): void {
  describeBesideFactstr(what, () => {
    describe.each(LOG_KINDS)('on $kind', (kind) => tests(kind));
  });
}
