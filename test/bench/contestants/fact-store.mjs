// What has FACTSTR's contract: our stores, our service, and FACTSTR's own engine.
import { DOMINANT } from '../facts.mjs';

/** Without a turn of the event loop where the store is synchronous. */
export const settled = (value, read) => (value instanceof Promise ? value.then(read) : read(value));

export function queryOf({ key, value }, after) {
  const filters = [{ event_types: [DOMINANT], payload_predicates: [{ [key]: value }] }];
  return { filters, ...(after === undefined ? {} : { min_sequence_number: after }) };
}

/**
 * A session: `append` and `appendIf` return how many facts they committed (0: a conflict), `version` what
 * `appendIf` wants, after reading the context's facts (those after a version, where it is given).
 */
export function factStoreSession(store) {
  return {
    /** The version at which everything before a number has been seen. */
    position: (number) => BigInt(number),
    append: (facts) =>
      settled(store.append(facts), ({ committed_count }) => Number(committed_count)),
    appendIf: (facts, context, version) =>
      settled(store.appendIf(facts, queryOf(context), version), ({ append_result }) =>
        Number(append_result?.committed_count ?? 0),
      ),
    version: (context, after) =>
      settled(
        store.query(queryOf(context, after)),
        (result) => result.current_context_version ?? null,
      ),
    rows: (context) =>
      settled(store.query(queryOf(context)), ({ event_records }) => event_records.length),
    readAll: () => settled(store.query({}), ({ event_records }) => event_records.length),
  };
}

/** Live and durable streams of our stores. */
export function streams(store) {
  return {
    async live(onFact) {
      const subscription = await store.streamAll((records) => {
        for (const { payload } of records) onFact(payload.id);
      });
      await subscription.started;
      return { end: () => subscription.unsubscribe() };
    },
    /** `onFacts(count)` tells whether to go on. */
    async replay(name, onFacts) {
      // A failed handler is the way to leave a replay before its end.
      const starting = store.streamAllDurable({ name }, (records) => onFacts(records.length));
      const subscription = await starting.catch(() => undefined);
      subscription?.unsubscribe();
    },
  };
}

/** The same store through `FactstrStore`. */
export function serviceSession(service) {
  return {
    ...factStoreSession(service),
    ...streams(service),
    async readPages() {
      let count = 0;
      for await (const _ of service.read({})) count++;
      return count;
    },
  };
}
