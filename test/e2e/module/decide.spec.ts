import { afterEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import {
  DatabaseUnavailableError,
  FactstrMemoryStore,
  FactstrModule,
  FactstrPostgresStore,
  FactstrSqliteStore,
  FactstrStore,
  factQuery,
  facts,
} from 'nestjs-factstr';
import type { DecideOptions, FactStore, NewEvent } from 'nestjs-factstr';
import { settle, until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';
import { Gate } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];

function enrolled(course: string, student: number | string): NewEvent {
  return { event_type: 'student-enrolled', payload: { course, student } };
}

function inCourse(course: string) {
  return factQuery(facts('student-enrolled').where({ course }));
}

async function serviceOn(provider: ProviderName): Promise<FactstrStore> {
  const app = await fixtures.app({
    imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
  });
  return app.get(FactstrStore);
}

/** A service on a store of which another one writes to the same log. */
async function contestedOn(provider: 'sqlite' | 'postgres') {
  const options = await optionsOf(provider, fixtures);
  const open = (): FactStore & { close(): unknown } => {
    if (options.provider === 'sqlite') return new FactstrSqliteStore(options.path);
    return new FactstrPostgresStore((options as { url: string }).url);
  };
  const [own, other] = [open(), open()];
  fixtures.later(() => Promise.all([own.close(), other.close()]));
  return { service: FactstrStore.of(own), other: FactstrStore.of(other) };
}

/** Enrols by the number of those that are enrolled: every one of the answers differs. */
function enrol(store: FactstrStore, course: string, options?: DecideOptions) {
  return store.decide(
    inCourse(course),
    ({ event_records }) => [enrolled(course, event_records.length)],
    options,
  );
}

describe.each(providers)('Simultaneous decisions on %s', (provider) => {
  it.each([100, 200])(
    'on one context all succeed, %d of them, in the order of the calls',
    async (count) => {
      const store = await serviceOn(provider);
      const results = await Promise.all(
        Array.from({ length: count }, () => enrol(store, 'a', { retries: 0 })),
      );
      expect(results.map((result) => Number(result!.first_sequence_number))).toEqual(
        Array.from({ length: count }, (_, n) => n + 1),
      );
      const { event_records } = await store.query({});
      expect(event_records.map(({ payload }) => (payload as { student: number }).student)).toEqual(
        Array.from({ length: count }, (_, n) => n),
      );
    },
  );

  it('of several services of one store take turns with one another', async () => {
    const store = await serviceOn(provider);
    const services = [store, FactstrStore.of(store.raw), FactstrStore.of(store.raw)];
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, n) => enrol(services[n % 3]!, 'a', { retries: 0 })),
    );
    expect(results).toHaveLength(60);
  });

  it('on other contexts are not held up', async () => {
    const store = await serviceOn(provider);
    const gate = new Gate();
    const held = store.decide(inCourse('a'), async () => {
      await gate.passed;
      return [enrolled('a', 1)];
    });
    await enrol(store, 'b');
    await store.decide({}, () => [enrolled('c', 1)]);
    gate.open();
    expect(await held).toMatchObject({ first_sequence_number: 3n });
  });

  it('do not suffer from those that fail', async () => {
    const store = await serviceOn(provider);
    const decisions = Array.from({ length: 40 }, (_, n) =>
      store.decide(
        inCourse('a'),
        ({ event_records }) => {
          if (n % 4 === 1) throw new Error('refused');
          if (n % 4 === 2) return undefined as unknown as NewEvent[];
          if (n % 4 === 3) return [];
          return [enrolled('a', event_records.length)];
        },
        { retries: 0 },
      ),
    );
    const settled = await Promise.allSettled(decisions);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(20);
    const { event_records } = await store.query({});
    expect(event_records.map(({ payload }) => (payload as { student: number }).student)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it('that are made inside another one wait for none', async () => {
    const store = await serviceOn(provider);
    const outer = store.decide(
      inCourse('a'),
      async ({ event_records }) => {
        if (event_records.length === 0) await enrol(store, 'a');
        return [enrolled('a', event_records.length)];
      },
      { retries: 1 },
    );
    const behind = enrol(store, 'a', { retries: 0 });
    expect(await outer).toMatchObject({ first_sequence_number: 2n });
    expect(await behind).toMatchObject({ first_sequence_number: 3n });
  });
});

describe.each(['sqlite', 'postgres'] as const)('A decision on %s', (provider) => {
  it('is made again when another process was faster, while others wait', async () => {
    const { service, other } = await contestedOn(provider);
    const sizes: number[] = [];
    const contested = service.decide(inCourse('a'), async ({ event_records }) => {
      sizes.push(event_records.length);
      if (sizes.length <= 3) await other.append([enrolled('a', 'other')]);
      return [enrolled('a', 'me')];
    });
    const behind = enrol(service, 'a', { retries: 0 });
    expect(await contested).toMatchObject({ first_sequence_number: 4n });
    expect(await behind).toMatchObject({ first_sequence_number: 5n });
    expect(sizes).toEqual([0, 1, 2, 3]);
  });
});

describe('A decision', () => {
  it('with a manager waits for none', async () => {
    const { url } = await fixtures.database();
    const store = FactstrStore.of(new FactstrPostgresStore(url));
    fixtures.later(() => store.close());
    const pool = new Pool({ connectionString: url, max: 1 });
    fixtures.later(() => pool.end());
    const gate = new Gate();
    let decisions = 0;
    const held = store.decide(inCourse('a'), async () => {
      if (decisions++ === 0) await gate.passed;
      return [enrolled('a', 'held')];
    });
    await until(
      () => decisions === 1,
      () => 'the decision that is held',
    );
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const inside = await store.decide(
        inCourse('a'),
        ({ event_records }) => [enrolled('a', event_records.length)],
        { manager: client },
      );
      expect(inside).toMatchObject({ first_sequence_number: 1n });
      await client.query('COMMIT');
    } finally {
      client.release();
    }
    gate.open();
    expect(await held).toMatchObject({ first_sequence_number: 2n });
    expect(decisions).toBe(2);
  });

  it('that does not settle holds up the others of its context for a time only', async () => {
    const store = FactstrStore.of(new FactstrMemoryStore());
    const gate = new Gate();
    const stuck = store.decide(inCourse('a'), async ({ event_records }) => {
      if (event_records.length === 0) await gate.passed;
      return [enrolled('a', event_records.length)];
    });
    const others = Array.from({ length: 5 }, () => enrol(store, 'a', { retries: 0 }));
    expect((await Promise.all(others)).map((result) => result!.first_sequence_number)).toEqual([
      1n,
      2n,
      3n,
      4n,
      5n,
    ]);
    gate.open();
    // It meets the others' facts, and decides again.
    expect(await stuck).toMatchObject({ first_sequence_number: 6n });
    expect(await enrol(store, 'a', { retries: 0 })).toMatchObject({ first_sequence_number: 7n });
  });

  it('whose database does not answer lets the others try at once', async () => {
    const { store } = synchronousStore();
    const gates: Gate[] = [];
    const failing = FactstrStore.of({
      ...store,
      query: async () => {
        const gate = new Gate();
        gates.push(gate);
        await gate.passed;
        throw new DatabaseUnavailableError('The database is gone.');
      },
    });
    const decisions = Promise.allSettled(Array.from({ length: 10 }, () => enrol(failing, 'a')));
    await settle();
    expect(gates).toHaveLength(1);
    gates[0]!.open();
    await until(
      () => gates.length === 10,
      () => `ten queries; there were ${gates.length}`,
    );
    for (const gate of gates) gate.open();
    const reasons = (await decisions).map((settled) => (settled as PromiseRejectedResult).reason);
    for (const reason of reasons) expect(reason).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });
});
