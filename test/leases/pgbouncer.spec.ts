import { afterEach, describe, expect, it } from '@jest/globals';
import type { EventRecord } from 'nestjs-factstr';
import { DurableProjection, FactstrPostgresStore } from 'nestjs-factstr';
import { Fixtures } from '../support/fixtures/applications.js';
import { Inbox } from '../support/inbox/inbox.js';
import { pgBouncer, startPgBouncer } from '../support/postgres/pgbouncer.js';
import { TestApp } from '../support/fixtures/two-apps.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = { event_type: 'x', payload: {} };
const install = 'apt-get install pgbouncer';

async function throughPgBouncer(): Promise<{ url: string; open: () => FactstrPostgresStore }> {
  const database = await fixtures.database();
  const pooler = await startPgBouncer(database.url);
  fixtures.later(() => pooler.stop());
  return {
    url: pooler.url,
    open: () => {
      const store = new FactstrPostgresStore(pooler.url, { pollInterval: 50 });
      fixtures.later(() => store.close());
      return store;
    },
  };
}

if (pgBouncer === undefined) {
  describe(`Through PgBouncer: NOT TESTED here, it is not installed (${install})`, () => {
    it('must be installed on CI', () => {
      if (process.env['CI']) throw new Error(`PgBouncer is missing: ${install}`);
    });
  });
} else {
  describe('Through PgBouncer in transaction mode', () => {
    it('appends and decides, also under contention', async () => {
      const { open } = await throughPgBouncer();
      const [first, second] = [open(), open()];
      await Promise.all(
        Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? first : second).append([fact, fact])),
      );
      const { event_records } = await first.query({});
      expect(event_records.map(({ sequence_number }) => Number(sequence_number))).toEqual(
        Array.from({ length: 80 }, (_, n) => n + 1),
      );
      const decisions = await Promise.all(
        [first, second].map((store) => store.appendIf([fact], {}, 80n)),
      );
      expect(decisions.filter(({ append_result }) => append_result != null)).toHaveLength(1);
      expect(decisions.filter(({ conflict }) => conflict != null)).toHaveLength(1);
      expect((await first.query({})).event_records).toHaveLength(81);
    });

    it('streams find by polling what others append', async () => {
      const { open } = await throughPgBouncer();
      const [writer, reader] = [open(), open()];
      await writer.append([fact]);
      const live = new Inbox();
      const durable = new Inbox();
      const listening = reader.streamAll((facts) => live.handle(facts));
      await reader.streamAllDurable({ name: 's' }, (facts) => durable.handle(facts));
      await listening.started;
      await writer.append([fact]);
      await writer.append([fact, fact]);
      await live.holds(2, 3, 4);
      await durable.holds(1, 2, 3, 4);
    });

    it('each projection is run once, and handed over', async () => {
      const { url } = await throughPgBouncer();
      const inbox = new Inbox();
      class Items {
        @DurableProjection({ name: 'items', query: {} })
        project(facts: EventRecord[]) {
          inbox.handle(facts);
        }
      }
      const options = { provider: 'postgres', url, pollInterval: 50, leaseTtl: 2_000 } as const;
      const first = await TestApp.start(fixtures, options, Items);
      await first.shows('items', { state: 'live' });
      const second = await TestApp.start(fixtures, options, Items);
      await second.append('x', 'x');
      await second.projections.waitFor('items', 2n);
      expect((await second.projections.status('items')).owner?.self).toBe(false);
      await second.projections.pause('items');
      await second.append('x');
      await second.projections.resume('items');
      await second.projections.waitFor('items', 3n);
      await first.app.close();
      await second.append('x');
      await second.projections.waitFor('items', 4n);
      expect((await second.projections.status('items')).owner?.self).toBe(true);
      expect(inbox.flat).toEqual([1, 2, 3, 4]);
    });
  });
}
