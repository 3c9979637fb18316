import pg from 'pg';
import { factsSql, groupsOf } from '../facts.mjs';
import { fill, runSql } from './run-sql.mjs';

/** The tables of `@dcb-es/event-store-postgres`: the two members that contexts are asked by are its tags. */
export const dcbEs = {
  name: 'dcb_es',
  async run({ url }, size) {
    const { PostgresEventStore } = await import('../peers/dcb-es.mjs');
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    await new PostgresEventStore({ pool }).ensureInstalled();
    await pool.end();
    if (size === 0) return;
    await fill(
      url,
      'events',
      `INSERT INTO events (type, tags, payload)
       SELECT event_type, ARRAY['cart=' || cart, 'group=' || wide],
         jsonb_build_object('data', payload, 'metadata', '{}'::jsonb)::text
       FROM (${factsSql(size, groupsOf(size))}) AS fact ORDER BY n`,
    );
    await runSql(url, 'VACUUM ANALYZE');
  },
};
