import { describe, it } from '@jest/globals';
import type { TestedServer } from './servers.js';

/** Tests that need a server. Where it cannot be had, one test says so by its name; `.ci/run` says so at its end. */
export function describeWith(server: TestedServer, name: string, tests: () => void): void {
  if (server.isThere()) {
    describe(name, tests);
    return;
  }
  const reason = `there is no ${server.name} server (it comes by: ${server.from})`;
  describe(name, () => it(`NOT TESTED here: ${reason}`, () => undefined));
}
