import pg from 'pg';

/** A peer's connections: sixteen callers have one each. */
export function peerPool(url) {
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  // What breaks an idle connection shows in the next query.
  pool.on('error', () => undefined);
  return pool;
}
