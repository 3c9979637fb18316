import type { QueryResult } from '../../../contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../../contract/limits.js';
import type { PreparedPage } from '../../../contract/query-page.js';
import type { PreparedQuery } from '../../../contract/validation.js';
import { contextVersion, readContext } from '../../../context-index/context.js';
import type { ContextPartRead } from '../../../streams/store-face.js';
import type { SqliteContextIndex } from './context-index.js';
import type { SqliteScan } from '../log/scan.js';

/** Finds the facts of a context, inside a `read` or `write` of the index. */
export class SqliteContext {
  readonly #index: SqliteContextIndex;
  readonly #scan: SqliteScan;

  constructor(index: SqliteContextIndex, scan: SqliteScan) {
    this.#index = index;
    this.#scan = scan;
  }

  /** The newest sequence number that matches; `min_sequence_number` is no part of a context. */
  version(query: PreparedQuery): bigint | null {
    if (!this.#index.usable) {
      return this.#scan.newest(query, { after: 0n, last: this.#index.head }) || null;
    }
    return BigInt(this.#index.look(contextVersion(this.#index.memory, query)).version) || null;
  }

  /** A page of the matching facts after `min_sequence_number`, and the context's version. */
  read(query: PreparedQuery, page: PreparedPage): QueryResult {
    if (!this.#index.usable) return this.#scanThrough(query, page);
    const { records, version } = this.#index.look(readContext(this.#index.memory, query, page));
    return {
      event_records: records,
      last_returned_sequence_number: records.at(-1)?.sequence_number ?? null,
      current_context_version: version === 0 ? null : BigInt(version),
    };
  }

  /** A page of each of several contexts. */
  parts(queries: readonly PreparedQuery[], page: PreparedPage): ContextPartRead[] {
    return queries.map((query) => {
      const { event_records, current_context_version } = this.read(query, page);
      return { event_records, version: current_context_version ?? null };
    });
  }

  #scanThrough(query: PreparedQuery, { limit, descending, upTo }: PreparedPage): QueryResult {
    const range = { after: query.min_sequence_number ?? 0n, last: upTo ?? MAX_SEQUENCE_NUMBER };
    const event_records = this.#scan.rows(query, range, limit, descending);
    return {
      event_records,
      last_returned_sequence_number: event_records.at(-1)?.sequence_number ?? null,
      current_context_version: this.version(query),
    };
  }
}
