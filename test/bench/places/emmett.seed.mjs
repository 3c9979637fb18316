/** Emmett's stores begin empty: a stream does not become dearer by the others. */
export const emmettPostgres = {
  name: 'emmett',
  async run({ url }) {
    const { getPostgreSQLEventStore } = await import('../peers/emmett.mjs');
    const store = getPostgreSQLEventStore(url);
    await store.schema.migrate();
    await store.close();
  },
};

/** It makes its schema itself, at the first use. */
export const emmettSqlite = { name: 'emmett', run: () => undefined };
