import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FactstrMemoryStore,
  FactstrModule,
  FactstrStore,
  InvalidOptionsError,
  factQuery,
  facts,
} from 'nestjs-factstr';
import type { DecideOptions, NewEvent } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { synchronousStore } from '../../support/fixtures/hand-written-stores.js';

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

describe.each(providers)('decide with an appendId on %s', (provider) => {
  it('resolves with the recorded range when it is repeated', async () => {
    const store = await serviceOn(provider);
    const decide = () =>
      store.decide(inCourse('a'), () => [enrolled('a', 'x'), enrolled('a', 'y')], {
        appendId: 'request 1',
        retries: 0,
      });
    const first = await decide();
    expect(first).toMatchObject({ first_sequence_number: 1n, last_sequence_number: 2n });
    await store.append([enrolled('a', 'z')]);
    expect(await decide()).toEqual(first);
    expect((await store.query({})).event_records).toHaveLength(3);
  });

  it('commits once when it is called many times at once', async () => {
    const store = await serviceOn(provider);
    const results = await Promise.all(
      Array.from({ length: 20 }, () =>
        store.decide(inCourse('a'), () => [enrolled('a', 'x')], { appendId: 'one', retries: 0 }),
      ),
    );
    for (const result of results) expect(result).toMatchObject({ first_sequence_number: 1n });
    expect((await store.query({})).event_records).toHaveLength(1);
  });

  it('refuses the id of other events', async () => {
    const store = await serviceOn(provider);
    await store.decide({}, () => [enrolled('a', 'x')], { appendId: 'one' });
    await expect(
      store.decide({}, () => [enrolled('a', 'y')], { appendId: 'one' }),
    ).rejects.toMatchObject({ code: 'APPEND_ID_REUSED' });
  });

  it('takes options that are undefined as absent', async () => {
    const store = await serviceOn(provider);
    const options = {
      retries: undefined,
      appendId: undefined,
      manager: undefined,
      later: undefined,
    };
    expect(
      await store.decide({}, () => [enrolled('a', 'x')], options as DecideOptions),
    ).toMatchObject({ first_sequence_number: 1n });
    expect(
      await store.append([enrolled('a', 'y')], {
        appendId: undefined,
        manager: undefined,
      }),
    ).toMatchObject({ first_sequence_number: 2n });
  });
});

describe('decide refuses, before anything is decided,', () => {
  const decided = { count: 0 };
  const decision = (): NewEvent[] => {
    decided.count++;
    return [enrolled('a', 'x')];
  };
  afterEach(() => {
    expect(decided.count).toBe(0);
  });

  it.each([
    [
      { retry: 3 },
      /unknown option "retry"; known are retries, appendId, command, metadata, causedBy, manager/,
    ],
    [{ appendID: 'x' }, /unknown option "appendID"/],
    [7, /an object such as .*, not a number/],
    [null, /an object such as .*, not null/],
    [{ manager: {} }, /option manager is for provider "postgres"/],
  ])('the options %j', async (options, message) => {
    const store = FactstrStore.of(new FactstrMemoryStore());
    const deciding = store.decide({}, decision, options as unknown as DecideOptions);
    await expect(deciding).rejects.toBeInstanceOf(InvalidOptionsError);
    await expect(deciding).rejects.toThrow(message);
  });

  it('an id on a store that keeps none', async () => {
    const store = FactstrStore.of(synchronousStore().store);
    await expect(store.decide({}, decision, { appendId: 'one' })).rejects.toThrow(
      /capabilities.appendIds/,
    );
  });

  it('a command on a store that compares facts', async () => {
    const custom = { ...synchronousStore().store, capabilities: { appendIds: true } };
    const options = { appendId: 'one', command: 1 };
    await expect(FactstrStore.of(custom).decide({}, decision, options)).rejects.toThrow(
      /capabilities.commands/,
    );
  });

  it.each([undefined, null, { filters: 7 }, { filters: [null] }])('the query %j', async (query) => {
    const store = FactstrStore.of(new FactstrMemoryStore());
    await expect(store.decide(query as never, decision)).rejects.toMatchObject({
      code: 'INVALID_QUERY',
    });
  });
});
