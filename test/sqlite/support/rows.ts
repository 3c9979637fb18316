import type { TestFolder } from '../../support/sqlite/folder.js';

/** `append_batches` as [first, last]. */
export function batchRows(folder: TestFolder): [number, number][] {
  const database = folder.database();
  try {
    return database.prepare('SELECT * FROM append_batches ORDER BY 1').raw().all() as [
      number,
      number,
    ][];
  } finally {
    database.close();
  }
}

/** `store_metadata` as an object. */
export function metadata(folder: TestFolder): Record<string, string> {
  const database = folder.database();
  try {
    const rows = database.prepare('SELECT key, value FROM store_metadata').raw().all();
    return Object.fromEntries(rows as [string, string][]);
  } finally {
    database.close();
  }
}

/** A durable stream's row in `subscriber_cursors`. */
export function cursorRow(
  folder: TestFolder,
  name: string,
): { event_query: string; last_processed_sequence_number: number } | undefined {
  const database = folder.database();
  try {
    return database
      .prepare(
        `SELECT event_query, last_processed_sequence_number
         FROM subscriber_cursors WHERE subscriber_id = ?`,
      )
      .get(name) as ReturnType<typeof cursorRow>;
  } finally {
    database.close();
  }
}
