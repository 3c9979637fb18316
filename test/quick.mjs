import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What the quick set leaves out (`npm run test:quick`); everything else is in it, and is to stay quick. A file that
 * starts a process and is not named here fails, in every run (support/environment.mjs).
 */
export const LEFT_OUT = [
  // Starts processes, or a server of its own.
  '/test/(closing|docs|interop|package|processes)/.+[.]spec',
  '/test/types[.]spec',
  // Starts NATS servers.
  '/test/(e2e/nats|e2e/relay|nats|relay)/.+[.]spec',
  '/test/.+/nats(-.+)?[.]spec',
  '/test/.+/(.+-)?processes[.]spec',
  '/test/.+/(driver|locks|.+-sharing)[.]spec',
  '/test/e2e/module/(loaded-twice|other-writers)[.]spec',
  '/test/cli/projections[.]spec',
  '/test/e2e/health/.+[.]spec',
  '/test/e2e/dashboard/.+[.]spec',
  '/test/e2e/sample/(contention|events|page|restart)[.]spec',
  '/test/leases/(bare-streams|crash|opening|pgbouncer)[.]spec',
  '/test/mutants/judge[.]spec',
  '/test/postgres/(opening(-roles)?|server|session-settings.*)[.]spec',
  '/test/projections/database-outage[.]spec',
  '/test/relay/(kafka|rabbitmq)/.+[.]spec',
  '/test/security/secrets[.]spec',
  '/test/testing/runners[.]spec',
  // Plays faults: outages, restored logs, schemas that are swapped.
  '/test/faults/.+[.]spec',
  '/test/.+/faults(-closing)?[.]spec',
  '/test/.+-restored[.]spec',
  '/test/postgres/renamed-schemas.*[.]spec',
  '/test/projections/refused-writes[.]spec',
  // Searches long, moves much, or waits often.
  '/test/cli/(doctor|facts|transfer(-losses)?|verify)[.]spec',
  '/test/context-index/(postgres|postgres-tables-lost|sqlite)[.]spec',
  '/test/e2e/module/(append-ids|class-form|decide|projections|service|shutdown|versions)(-.+)?[.]spec',
  '/test/leases/(rebuild|runner|verbs)[.]spec',
  '/test/model/postgres[.]spec',
  '/test/testing/wrong-stores[.]spec',
  '/test/postgres/(golden|groups.*)[.]spec',
  '/test/projections/own-verbs[.]spec',
  '/test/typeorm/exactly-once[.]spec',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const patterns = LEFT_OUT.map((pattern) => new RegExp(`^${pattern}`));

/** Whether a test file is in the quick set. */
export function isQuick(file) {
  const path = file.slice(root.length - 1).replaceAll(sep, '/');
  return !patterns.some((pattern) => pattern.test(path));
}
