import { beforeAll, describe, it } from '@jest/globals';
import { BUILD_TIMEOUT, buildEngine, cargo } from './cargo.js';
import { LOG_KINDS } from './logs.js';
import type { LogKind } from './logs.js';

/**
 * Describes what holds beside FACTSTR's own engine. It is built first; where cargo is missing, a test's name says
 * that nothing was tested, on CI too.
 */
export function describeBesideFactstr(what: string, tests: () => void): void {
  if (cargo === undefined) {
    describe(`${what}: NOT TESTED here`, () => {
      it('needs cargo to build FACTSTR’s engine (https://rustup.rs)', () => undefined);
    });
    return;
  }
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
