import { setMaxListeners } from 'node:events';
import { countRows } from '../places/count.mjs';
import { dcbEs as seed } from '../places/dcb-es.seed.mjs';
import { DOMINANT } from '../facts.mjs';
import { peerPool } from './peer-pool.mjs';

/** One event type and one tag make a context, as one type and one predicate make ours. */
/** Its subscription leaves a listener at the signal whenever it looks without being notified. */
function leakingController() {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

export async function dcbEs() {
  const {
    AppendConditionError,
    PostgresEventStore,
    Query,
    SequencePosition,
    Tags,
    ensureHandlersInstalled,
    runHandler,
  } = await import('../peers/dcb-es.mjs');

  const event = ({ event_type, payload }) => ({
    type: event_type,
    tags: Tags.from([`cart=${payload.cart}`, `group=${payload.group}`]),
    data: payload,
    metadata: {},
  });
  const queryOf = ({ key, value }) =>
    Query.fromItems([{ types: [DOMINANT], tags: Tags.from([`${key}=${value}`]) }]);
  const positionOf = (version) =>
    version == null ? SequencePosition.initial() : SequencePosition.fromString(version);

  async function open({ url }) {
    const pool = peerPool(url);
    const store = new PostgresEventStore({ pool });
    await store.ensureInstalled();
    const count = async (events) => {
      let read = 0;
      for await (const _ of events) read++;
      return read;
    };
    return {
      position: String,
      async append(facts) {
        await store.append({ events: facts.map(event) });
        return facts.length;
      },
      async appendIf(facts, context, version) {
        const condition = { failIfEventsMatch: queryOf(context), after: positionOf(version) };
        try {
          await store.append({ events: facts.map(event), condition });
          return facts.length;
        } catch (error) {
          if (error instanceof AppendConditionError) return 0;
          throw error;
        }
      },
      async version(context, after) {
        let version = after ?? null;
        const options = after == null ? {} : { after: positionOf(after) };
        for await (const { position } of store.read(queryOf(context), options)) {
          version = position.toString();
        }
        return version;
      },
      rows: (context) => count(store.read(queryOf(context))),
      readAll: () => count(store.read(Query.all())),
      async live(onFact) {
        const stop = leakingController();
        const [last] = (await pool.query('SELECT max(sequence_position) AS head FROM events')).rows;
        const after = positionOf(last.head);
        const running = (async () => {
          const events = store.subscribe(Query.all(), { after, signal: stop.signal });
          for await (const { event: one } of events) onFact(one.data.id);
        })();
        return {
          async end() {
            stop.abort();
            await running;
          },
        };
      },
      async replay(name, onFacts) {
        await ensureHandlersInstalled(pool, [name], '_handler_bookmarks');
        const stop = leakingController();
        const handle = async () => {
          if (!stop.signal.aborted && !onFacts(1)) stop.abort();
        };
        await runHandler({
          pool,
          eventStore: store,
          handlerName: name,
          handlerFactory: () => ({ when: { [DOMINANT]: handle, removed: handle } }),
          signal: stop.signal,
        }).promise;
      },
      count: () => countRows({ url }, 'events'),
      close: () => pool.end(),
    };
  }

  return [{ id: 'dcb-es', engine: 'postgres', seed, open }];
}
