export { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
export { getSQLiteEventStore, sqliteConnection } from '@event-driven-io/emmett-sqlite';
