import { startPostgresServer } from './postgres-server.mjs';

/** One Postgres server for the whole run, unless the environment names one. */
export default async function globalSetup() {
  if (process.env.FACTSTR_TEST_POSTGRES_URL) return;
  const server = await startPostgresServer();
  globalThis.factstrTestPostgres = server;
  process.env.FACTSTR_TEST_POSTGRES_URL = server.url;
}
