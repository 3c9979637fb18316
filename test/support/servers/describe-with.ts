import { describe, it } from '@jest/globals';
import type { TestedServer } from './servers.js';

/** Such tests for each case, whose name stands for `%s`. */
export function describeEachWith<C extends string>(
  server: TestedServer,
  cases: readonly C[],
  name: string,
  tests: (one: C) => void,
): void {
  for (const one of cases) describeWith(server, name.replace('%s', one), () => tests(one));
}

/** Tests that need a server. Where it cannot be had, one test says so by its name; `.ci/run` says so at its end. */
export function describeWith(server: TestedServer, name: string, tests: () => void): void {
  if (server.isThere()) {
    describe(name, tests);
    return;
  }
  const reason = `there is no ${server.name} server (it comes by: ${server.from})`;
  describe(name, () => it(`NOT TESTED here: ${reason}`, () => undefined));
}
