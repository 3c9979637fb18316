import { facts, headOf } from '../support/facts.js';
import { errorOf } from '../support/outcome.js';
import type { Conformance, ConformingStore } from '../conformance.js';
import {
  BAD_APPEND_IDS,
  BAD_EVENTS,
  BAD_HANDLERS,
  BAD_PAYLOADS,
  BAD_PREDICATES,
  BAD_QUERIES,
  BAD_STREAMS,
  BAD_VERSIONS,
  SECRET,
} from '../support/refused.js';
import type { Refused } from '../support/refused.js';

export function describeBadInput(conformance: Conformance): void {
  const { describe, it, itWith, expect, beforeEach, afterEach, afterAll } = conformance;
  describe('bad input', () => {
    // Refusals leave nothing behind, so one store serves all of them: that is what is tested.
    const shared = conformance.sharedStore((opened) => opened.append(facts(3)));
    let store: ConformingStore;
    let delivered = 0;

    beforeEach(async () => {
      store = await shared.open();
    });
    afterEach(async () => {
      expect(await headOf(store)).toBe(3n);
    });
    afterAll(async () => {
      expect((await store.append(facts(1))).first_sequence_number).toBe(4n);
      await shared.dispose();
      expect(delivered).toBe(0);
    });

    const handle = (): void => {
      delivered++;
    };
    const good = facts(1);

    async function refuses([, , error, code]: Refused, call: () => unknown): Promise<void> {
      const refusal = await errorOf(call);
      expect(refusal).toBeInstanceOf(error);
      expect(refusal.code).toBe(code);
      expect(refusal.name).toBe(error.name);
      expect(refusal.message).not.toContain(SECRET);
      expect(refusal.message.length).toBeLessThan(500);
    }

    it.each([...BAD_EVENTS, ...BAD_PAYLOADS])('append refuses %s', async (...refused) => {
      await refuses(refused, () => store.append(refused[1] as never));
    });

    itWith('appendIds').each(BAD_APPEND_IDS)(
      'append and appendIf refuse %s',
      async (...refused) => {
        const options = { appendId: refused[1] as string };
        await refuses(refused, () => store.append(good, options));
        await refuses(refused, () => store.appendIf(good, {}, 3n, options));
        await refuses(refused, () => store.appendIf(good, {}, 1n, options));
      },
    );

    it.each([...BAD_EVENTS, ...BAD_PAYLOADS])(
      'appendIf refuses %s, whether or not the context conflicts',
      async (...refused) => {
        await refuses(refused, () => store.appendIf(refused[1] as never, {}, 3n));
        await refuses(refused, () => store.appendIf(refused[1] as never, {}, 1n));
      },
    );

    it.each(BAD_PAYLOADS)('append refuses %s behind good events', async (...refused) => {
      const batch = [...facts(2), ...(refused[1] as object[])];
      await refuses(refused, () => store.append(batch as never));
    });

    it.each([...BAD_QUERIES, ...BAD_PREDICATES])('query refuses %s', async (...refused) => {
      await refuses(refused, () => store.query(refused[1] as never));
    });

    it.each([...BAD_QUERIES, ...BAD_PREDICATES])('appendIf refuses %s', async (...refused) => {
      await refuses(refused, () => store.appendIf(good, refused[1] as never, null));
      await refuses(refused, () => store.appendIf(good, refused[1] as never, 3n));
    });

    it.each([...BAD_QUERIES, ...BAD_PREDICATES])('streams refuse %s', async (...refused) => {
      await refuses(refused, () => store.streamTo(refused[1] as never, handle));
      await refuses(refused, () =>
        store.streamToDurable({ name: 'bad' }, refused[1] as never, handle),
      );
    });

    it.each(BAD_VERSIONS)('appendIf refuses %s as the expected version', async (...refused) => {
      await refuses(refused, () => store.appendIf(good, {}, refused[1] as never));
      await refuses(refused, () =>
        store.appendIf(good, { filters: [{ event_types: [] }] }, refused[1] as never),
      );
    });

    it.each(BAD_VERSIONS)('a query refuses %s as its read cursor', async (...refused) => {
      const query = { min_sequence_number: refused[1] } as never;
      await refuses(refused, () => store.query(query));
      await refuses(refused, () => store.appendIf(good, query, 3n));
      await refuses(refused, () => store.streamTo(query, handle));
      await refuses(refused, () => store.streamToDurable({ name: 'bad' }, query, handle));
    });

    it.each(BAD_STREAMS)('durable streams refuse %s', async (...refused) => {
      await refuses(refused, () => store.streamAllDurable(refused[1] as never, handle));
      await refuses(refused, () => store.streamToDurable(refused[1] as never, {}, handle));
    });

    it.each(BAD_HANDLERS)('streams refuse %s', async (...refused) => {
      const bad = refused[1] as never;
      await refuses(refused, () => store.streamAll(bad));
      await refuses(refused, () => store.streamTo({}, bad));
      await refuses(refused, () => store.streamAllDurable({ name: 'bad' }, bad));
      await refuses(refused, () => store.streamToDurable({ name: 'bad' }, {}, bad));
    });

    it('leaves no cursor behind', async () => {
      // The name was used in vain above: it is tied to no query yet.
      const subscription = await store.streamToDurable(
        { name: 'bad' },
        { filters: [{ event_types: ['never'] }] },
        handle,
      );
      subscription.unsubscribe();
    });
  });
}
