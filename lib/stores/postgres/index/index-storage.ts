import type { EventRecord } from '../../../contract/contract.types.js';
import type { PreparedQuery } from '../../../contract/validation.js';
import { chunkKey } from '../../../context-index/segments/chunk-cache.js';
import type { ContextIndex } from '../../../context-index/context-index.js';
import type { RecentFacts } from '../../../context-index/recent-facts.js';
import { decodeChunk } from '../../../context-index/segments/segment-codec.js';
import type { Segment } from '../../../context-index/segments/segment.js';
import type { AsyncIndexStorage, ChunkPlace } from '../../../context-index/steps.js';
import type { Matchable } from '../../../matching/matches-query.js';
import type { ReadyConnection } from '../schema/ready-schema.js';
import type { PgRow } from '../connection/driver.js';
import { isWithdrawn } from '../schema/index-schema.js';
import { PostgresIndexTables, chunkOfRow } from '../schema/index-tables.js';
import { Loader } from '../../../support/async/loader.js';
import { newestStatement, rowsStatement } from '../log/query.js';
import { RECORD_COLUMNS, openedEvents, toRecord } from '../connection/records.js';

const WHAT = 'The look-up';

/**
 * What look-ups need of the database. Facts never change and segments are never written again, so that no
 * transaction is needed to see those of one moment; a segment that was merged away meanwhile is repaired.
 */
export class PostgresIndexStorage implements AsyncIndexStorage<EventRecord> {
  readonly repair: (segment: Segment) => Promise<void>;
  readonly #connection: ReadyConnection;
  readonly #index: ContextIndex;
  readonly #recent: RecentFacts;
  readonly #rows = new Loader<number, PgRow>((numbers) => this.#readRows(numbers));
  readonly #chunks = new Loader<number, Uint8Array>((keys) => this.#readChunks(keys));

  constructor(
    connection: ReadyConnection,
    index: ContextIndex,
    recent: RecentFacts,
    repair: (segment: Segment) => Promise<void>,
  ) {
    this.#connection = connection;
    this.#index = index;
    this.#recent = recent;
    this.repair = repair;
  }

  async soon(places: readonly ChunkPlace[]): Promise<void> {
    if (places.length === 0) return;
    const found = await this.#chunks.load(
      places.map(([segment, chunk]) => chunkKey(segment.id, chunk)),
    );
    for (const [segment, chunk] of places) {
      const bytes = found.get(chunkKey(segment.id, chunk));
      if (bytes === undefined || this.#index.cache.has(segment, chunk)) continue;
      try {
        this.#index.cache.set(segment, chunk, decodeChunk(segment, chunk, bytes));
      } catch {
        // The look-up that needs the chunk reads it again and finds the damage.
      }
    }
  }

  async chunks(segment: Segment, from: number, to: number): Promise<(Uint8Array | undefined)[]> {
    const keys = Array.from({ length: to - from }, (_, n) => chunkKey(segment.id, from + n));
    const found = await this.#chunks.load(keys);
    return keys.map((key) => found.get(key));
  }

  facts(
    numbers: readonly number[],
    whole: boolean,
  ): (Matchable | undefined)[] | Promise<(EventRecord | undefined)[]> {
    if (!whole) {
      const recent = numbers.map((number) => this.#recent.get(number));
      if (!recent.includes(undefined)) return recent;
    }
    return this.#records(numbers);
  }

  async types(): Promise<readonly string[]> {
    const ready = await this.#connection.ready();
    const { run, schema } = ready;
    // Jumps from each type to the next one in the index of types.
    const rows = await run(WHAT, {
      name: `types ${ready.log}`,
      text: `WITH RECURSIVE types (type) AS (
  SELECT min(event_type) FROM ${openedEvents(ready)}
  UNION ALL
  SELECT (SELECT min(event_type) FROM ${schema}.events WHERE event_type > type)
  FROM types WHERE type IS NOT NULL
)
SELECT type FROM types WHERE type IS NOT NULL`,
    });
    return rows.map(([type]) => type!);
  }

  async newest(query: PreparedQuery, after: number, last: number): Promise<number> {
    const ready = await this.#connection.ready();
    const rows = await ready.run(WHAT, newestStatement(query, ready, { after, last }));
    return Number(rows[0]?.[0] ?? 0);
  }

  async rows(
    query: PreparedQuery,
    after: number,
    last: number,
    limit: number,
    descending: boolean,
  ): Promise<EventRecord[]> {
    const ready = await this.#connection.ready();
    const statement = rowsStatement(query, ready, { after, last, limit, descending });
    const rows = await ready.run(WHAT, statement);
    return rows.map(toRecord);
  }

  async #records(numbers: readonly number[]): Promise<(EventRecord | undefined)[]> {
    const rows = await this.#rows.load(numbers);
    // Made for each caller: what the store returns belongs to the caller.
    return numbers.map((number) => {
      const row = rows.get(number);
      return row && toRecord(row);
    });
  }

  async #readRows(numbers: readonly number[]): Promise<Map<number, PgRow>> {
    const ready = await this.#connection.ready();
    const rows = await ready.run(WHAT, {
      name: `facts ${ready.log}`,
      text: `SELECT ${RECORD_COLUMNS} FROM ${openedEvents(ready)} WHERE sequence_number = ANY ($1::bigint[])`,
      values: [`{${numbers.join(',')}}`],
    });
    return new Map(rows.map((row) => [Number(row[0]), row]));
  }

  async #readChunks(keys: readonly number[]): Promise<Map<number, Uint8Array>> {
    const { run, schema, hasIndex } = await this.#connection.ready();
    if (!hasIndex) return new Map();
    try {
      const rows = await run(WHAT, new PostgresIndexTables(schema).chunks(keys));
      return new Map(rows.map(chunkOfRow));
    } catch (error) {
      if (!isWithdrawn(error)) throw error;
      // As if each chunk were missing.
      this.#connection.invalidate();
      return new Map();
    }
  }
}
