import type { PreparedPage } from '../../../contract/query-page.js';
import type { PreparedQuery } from '../../../contract/validation.js';
import type { ContextsRead } from '../../../streams/store-face.js';
import { openedEvents } from '../connection/records.js';
import type { ReadySchema } from '../schema/ready-schema.js';
import { queryResult, queryStatement } from './query.js';

/** Several contexts on one snapshot, without the index. What is read so is never known to be of one log. */
export function contextsOf(
  ready: ReadySchema,
  queries: readonly PreparedQuery[],
  page: PreparedPage,
): Promise<ContextsRead> {
  return ready.database.snapshot('Reading contexts', async (run) => {
    const [newest] = await run({
      text: `SELECT coalesce(max(sequence_number), 0)::text FROM ${openedEvents(ready)}`,
    });
    const parts = [];
    for (const query of queries) {
      const statement = queryStatement(query, ready, page);
      const { event_records, current_context_version } = queryResult(await run(statement));
      parts.push({ event_records, version: current_context_version ?? null });
    }
    return { head: BigInt(newest![0]!), log: {}, parts };
  });
}
