// A stream per context: emmett has no contexts across streams, so wide ones and reading everything are left out.
import { countRows } from '../places/count.mjs';
import { emmettPostgres, emmettSqlite } from '../places/emmett.seed.mjs';
import { peerPool } from './peer-pool.mjs';

const CONFLICT = 412;

export async function emmett() {
  const { getPostgreSQLEventStore, getSQLiteEventStore, sqliteConnection } =
    await import('../peers/emmett.mjs');
  // It prints every conflict.
  console.log = () => undefined;

  const event = ({ event_type, payload }) => ({ type: event_type, data: payload });
  let streams = 0;

  const session = (store) => ({
    /** Each to a stream of its own: appends do not contend. */
    async append(facts) {
      await store.appendToStream(`bench-${streams++}`, facts.map(event));
      return facts.length;
    },
    async appendIf(facts, { value }, version) {
      // `STREAM_DOES_NOT_EXIST` is not enforced by either store; the version 0 is.
      const expectedStreamVersion = version ?? 0n;
      try {
        await store.appendToStream(value, facts.map(event), { expectedStreamVersion });
        return facts.length;
      } catch (error) {
        // Its packages have several copies of the error's class.
        if (error.errorCode === CONFLICT) return 0;
        throw error;
      }
    },
    async version({ value }, after) {
      const options = after == null ? {} : { from: after };
      const { streamExists, currentStreamVersion } = await store.readStream(value, options);
      return streamExists ? currentStreamVersion : null;
    },
    async rows({ value }) {
      return (await store.readStream(value)).events.length;
    },
  });

  async function openPostgres({ url }) {
    const pool = peerPool(url);
    const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
    await store.schema.migrate();
    /** Its consumer; `eachMessage` returns whether to go on. */
    const consume = (processorId, startFrom, eachMessage) => {
      const consumer = store.consumer();
      consumer.reactor({ processorId, startFrom, eachMessage });
      const running = consumer.start();
      return { consumer, running };
    };
    return {
      ...session(store),
      async live(onFact) {
        const { consumer, running } = consume(`live-${streams++}`, 'END', ({ data }) =>
          onFact(data.id),
        );
        return {
          async end() {
            await consumer.close();
            await running;
          },
        };
      },
      async replay(name, onFacts) {
        const { consumer, running } = consume(name, 'BEGINNING', () =>
          onFacts(1) ? undefined : { type: 'STOP' },
        );
        await running;
        await consumer.close();
      },
      count: () => countRows({ url }, 'emt_messages'),
      async close() {
        await store.close();
        if (!pool.ended) await pool.end();
      },
    };
  }

  /**
   * On one connection, opened beforehand: its default, one for each call, ends the process now and then, when the
   * PRAGMA and BEGIN of a connection overtake one another. One caller only: concurrent appends fail, with
   * SQLITE_BUSY or a rollback without a transaction.
   */
  async function openSqlite({ path }) {
    const connection = sqliteConnection({ fileName: path });
    await connection.query('SELECT 1');
    const store = getSQLiteEventStore({
      fileName: path,
      connectionOptions: { singleton: true, connection },
    });
    await store.readStream('none');
    const own = session(store);
    const again =
      (operation) =>
      async (...parameters) => {
        for (;;) {
          try {
            return await operation(...parameters);
          } catch (error) {
            // One caller alone meets it too: "cannot commit transaction - SQL statements in progress".
            if (error.code !== 'SQLITE_BUSY') throw error;
          }
        }
      };
    return {
      ...own,
      append: again((...all) => own.append(...all)),
      appendIf: again((...all) => own.appendIf(...all)),
      callers: 1,
      count: () => countRows({ path }, 'emt_messages'),
      close: () => connection.close(),
    };
  }

  return [
    { id: 'emmett', engine: 'postgres', seed: emmettPostgres, open: openPostgres },
    { id: 'emmett', engine: 'sqlite', seed: emmettSqlite, open: openSqlite },
  ];
}
