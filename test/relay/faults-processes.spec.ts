import { afterEach, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { relayUnderFaults } from './support/under-faults.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const FACTS = 3_000;
const FAULTS = 4;

describeWith(nats, 'a relay to NATS whose process and whose server are killed', () => {
  it.each([
    ['sqlite', 1],
    ['postgres', 3],
  ] as const)(
    'loses, repeats and reorders nothing of a store on %s, with %i server(s)',
    async (provider, servers) => {
      const options = await optionsOf(provider, fixtures);
      const store =
        options.provider === 'postgres'
          ? new FactstrPostgresStore(options.url)
          : new FactstrSqliteStore((options as { path: string }).path);
      fixtures.later(() => store.close());
      const seed = randomInt(1, 1_000_000);
      const { milliseconds: _, ...figures } = await relayUnderFaults({
        store,
        options,
        facts: FACTS,
        seed,
        faults: FAULTS,
        servers,
      });
      expect({ seed, ...figures }).toMatchObject({
        seed,
        lost: 0,
        duplicated: 0,
        reordered: 0,
        changed: 0,
      });
      expect(figures.facts).toBeGreaterThanOrEqual(FACTS);
    },
    180_000,
  );
});
