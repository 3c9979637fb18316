import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import { createDatabase } from '../support/postgres.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** Texts that mean something to SQL, to Postgres's array and JSON syntax, to patterns, or to JavaScript. */
const HOSTILE = [
  "'; DROP TABLE events; --",
  '"; DROP TABLE events; --',
  "a' OR '1'='1",
  '$1',
  '$body$',
  '$$; SELECT pg_sleep(10); $$',
  '{a,b}',
  '{"a","b"}',
  'a","b',
  '\\',
  '\\"',
  "E'\\\\'",
  '%',
  '_',
  '*',
  '%s',
  '?',
  ':name',
  'NULL',
  'null',
  '\n',
  '/* */',
  '$.a',
  'a.b[0]',
  '__proto__',
  'constructor',
  'toString',
];

const answers = (options: FactstrOptions): Promise<FactstrStore> =>
  fixtures.app({ imports: [FactstrModule.forRoot(options)] }).then((app) => app.get(FactstrStore));

describe.each<ProviderName>(['memory', 'sqlite', 'postgres'])('On %s hostile text', (provider) => {
  it('is a type, a key, a value and an append id like any other', async () => {
    const store = await answers(await optionsOf(provider, fixtures));
    const payloadOf = (text: string, key = text): unknown =>
      JSON.parse(`{${JSON.stringify(key)}:{"of":[${JSON.stringify(text)}]}}`);
    for (const text of HOSTILE) {
      const facts = [{ event_type: text, payload: payloadOf(text) }];
      const result = await store.append(facts, { appendId: text });
      expect(await store.append(facts, { appendId: text })).toEqual(result);
    }
    for (const [index, text] of HOSTILE.entries()) {
      const number = BigInt(index + 1);
      const contexts = [
        { event_types: [text] },
        { payload_predicates: [payloadOf(text)] },
        { event_types: [text, 'other'], payload_predicates: [payloadOf(text), 'other'] },
      ];
      for (const filter of contexts) {
        const { event_records, current_context_version } = await store.query({ filters: [filter] });
        expect(event_records.map(({ sequence_number }) => sequence_number)).toEqual([number]);
        expect(current_context_version).toBe(number);
        const stale = await store.appendIf([{ event_type: text, payload: 0 }], {
          filters: [filter],
        });
        expect(stale.conflict?.actual_context_version).toBe(number);
      }
    }
    expect((await store.query({})).event_records).toHaveLength(HOSTILE.length);
  });

  it('is the name of a durable stream like any other', async () => {
    const store = await answers(await optionsOf(provider, fixtures));
    await store.append([{ event_type: 'noted', payload: 1 }]);
    for (const name of HOSTILE) {
      const seen: EventRecord[] = [];
      const query = { filters: [{ event_types: ['noted', name], payload_predicates: [1, name] }] };
      const stream = await store.streamToDurable({ name }, query, (batch) => {
        seen.push(...batch);
      });
      stream.unsubscribe();
      expect(seen).toHaveLength(1);
      const resumed = await store.streamToDurable({ name }, query, (batch) => {
        seen.push(...batch);
      });
      resumed.unsubscribe();
      expect(seen).toHaveLength(1);
    }
  });

  it('is the name of a projection, its failure and its operator like any other', async () => {
    const [name, by] = ["it's; DROP TABLE events; --", '$1"\\'];
    class Refusing {
      @DurableProjection({ name, query: {}, maxAttempts: 1 })
      take(): void {
        throw new Error(HOSTILE.join(' '));
      }
    }
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
      providers: [Refusing],
    });
    const projections = app.get(FactstrProjections);
    await app.get(FactstrStore).append([{ event_type: 'noted', payload: 1 }]);
    const status = () => projections.status(name);
    await until(
      async () => (await status()).state === 'paused',
      () => 'the projection to pause',
    );
    await projections.resume(name, { by });
    await until(
      async () => (await status()).attempts > 0,
      () => 'another attempt',
    );
    expect((await status()).lastError).toContain(HOSTILE[0]);
  });
});

describe('On Postgres a hostile schema', () => {
  it('is a schema like any other', async () => {
    const database = await createDatabase();
    fixtures.later(() => database.drop());
    const schema = 'it"s $body$; \'--';
    await database.run(`CREATE SCHEMA "${schema.replaceAll('"', '""')}"`);
    await database.run(
      `DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path TO %I', current_database(), $name$${schema}$name$); END $do$`,
    );
    const store = await answers({ provider: 'postgres', url: database.url });
    const first = await store.append([{ event_type: 'noted', payload: { n: 1 } }]);
    const query = { filters: [{ payload_predicates: [{ n: 1 }] }] };
    const verdict = await store.appendIf(
      [{ event_type: 'noted', payload: { n: 1 } }],
      query,
      first.last_sequence_number,
    );
    expect(verdict.append_result?.first_sequence_number).toBe(2n);
    const { rows } = await database.run(
      `SELECT table_schema FROM information_schema.tables WHERE table_name = 'events'`,
    );
    expect(rows).toEqual([{ table_schema: schema }]);
  });
});
