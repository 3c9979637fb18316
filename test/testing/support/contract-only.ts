import type { FactStore } from 'nestjs-factstr';

/** A store that has the contract and nothing else, as another package's has. */
export function contractOnly(store: FactStore): FactStore {
  return {
    append: (events) => store.append(events),
    query: (query) => store.query(query),
    appendIf: (events, query, expected) => store.appendIf(events, query, expected),
    streamAll: (handle) => store.streamAll(handle),
    streamTo: (query, handle) => store.streamTo(query, handle),
    streamAllDurable: (stream, handle) => store.streamAllDurable(stream, handle),
    streamToDurable: (stream, query, handle) => store.streamToDurable(stream, query, handle),
    close: () => store.close(),
  };
}
