import { describe, expect, it } from '@jest/globals';
import type { Symptom } from '../../lib/operations/doctor/symptom.js';
import { jsonLines, runCli } from '../support/cli/run-cli.js';
import { testDatabases } from '../support/postgres/database.js';
import { pgBouncer, startPgBouncer } from '../support/postgres/pgbouncer.js';

const create = testDatabases();
const install = 'apt-get install pgbouncer';

if (pgBouncer === undefined) {
  describe(`Commands through PgBouncer: NOT TESTED here, it is not installed (${install})`, () => {
    it('must be installed on CI', () => {
      expect(process.env['CI']).toBeUndefined();
    });
  });
} else {
  describe('Commands through PgBouncer in transaction mode', () => {
    it('read facts, and the doctor notices the pooler', async () => {
      const made = await create();
      await made.store().append([{ event_type: 'a', payload: { n: 1 } }]);
      const pooler = await startPgBouncer(made.url);
      try {
        const query = await runCli(['facts', 'query', '--json', '--database', pooler.url]);
        expect(jsonLines(query)).toMatchObject([{ payload: { n: 1 } }, { context_version: '1' }]);
        const doctor = await runCli(['doctor', '--json', '--database', pooler.url]);
        const symptoms = jsonLines(doctor) as Symptom[];
        expect(symptoms.filter(({ check }) => check === 'pooler')).toMatchObject([
          { level: 'note' },
        ]);
      } finally {
        await pooler.stop();
      }
    });
  });
}
