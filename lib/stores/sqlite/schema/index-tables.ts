import type { Segment, SegmentDraft } from '../../../context-index/segments/segment.js';
import { segmentOf } from '../../../context-index/segments/segment.js';
import { chunkKey } from '../../../context-index/segments/chunk-cache.js';
import { hashText } from '../../../context-index/terms/hashing.js';
import {
  decodeSegment,
  encodeChunk,
  encodeSegment,
} from '../../../context-index/segments/segment-codec.js';
import type { SqliteConnection } from '../connection/connection.js';
import type { SqliteStatement } from '../connection/driver.js';
import { isStatementError } from '../connection/errors.js';

/**
 * The context index's tables: a cache. They may be dropped at any time; what they hold is then made again. The
 * number in their names is the format's: another format gets other tables.
 */
export const INDEX_TABLES = {
  // AUTOINCREMENT: an id is never used twice, so that the newest one tells whether anything changed.
  nestjs_factstr_index_1_segments: `CREATE TABLE IF NOT EXISTS nestjs_factstr_index_1_segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  first_sequence_number INTEGER NOT NULL,
  last_sequence_number INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  overflows INTEGER NOT NULL,
  last_fact TEXT NOT NULL,
  fences BLOB NOT NULL,
  bloom BLOB NOT NULL,
  checksum INTEGER NOT NULL
)`,
  nestjs_factstr_index_1_chunks: `CREATE TABLE IF NOT EXISTS nestjs_factstr_index_1_chunks (
  id INTEGER PRIMARY KEY,
  entries BLOB NOT NULL
)`,
};

const SEGMENTS = 'nestjs_factstr_index_1_segments';
const CHUNKS = 'nestjs_factstr_index_1_chunks';

/**
 * Ids of a new index begin at a random place, and go on in random steps, so that an index that was made again, or
 * restored from a copy and continued, is not taken for the former one.
 */
const MAX_FIRST_ID = 2 ** 32;
const MAX_ID_STEP = 1_024;

type StoredRow = readonly [
  id: bigint,
  first: bigint,
  last: bigint,
  entries: bigint,
  overflows: bigint,
  last_fact: unknown,
  fences: unknown,
  bloom: unknown,
  checksum: bigint,
];

/** Where the log and the index stand. */
export type IndexState = readonly [head: bigint | null, newestId: bigint | null];

/** Reads and writes the context index's tables. Inside the caller's transaction. */
export class SqliteIndexTables {
  readonly #connection: SqliteConnection;
  #statements: Statements | undefined;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  state(): IndexState {
    return this.#use(({ state }) => state.get()!);
  }

  ids(): number[] {
    return this.#use(({ ids }) => ids.all().map(Number));
  }

  /** `undefined` for a row that is not what was written. */
  segment(id: number): Segment | undefined {
    const row = this.#use(({ segment }) => segment.get(id));
    if (row === undefined) return undefined;
    const [, first, last, entries, overflows, lastFact, fences, bloom, checksum] = row;
    // Another program may have written values of other types.
    if (typeof lastFact !== 'string' || !isBlob(fences) || !isBlob(bloom)) return undefined;
    return decodeSegment({
      id,
      first: Number(first),
      last: Number(last),
      entries: Number(entries),
      overflows: Number(overflows) === 1,
      lastFact,
      fences,
      bloom,
      checksum: Number(checksum),
    });
  }

  chunks(segment: Segment, from: number, to: number): (Uint8Array | undefined)[] {
    return this.#use(({ chunk: find }) => {
      const chunks: (Uint8Array | undefined)[] = [];
      for (let chunk = from; chunk < to; chunk++) {
        chunks.push(find.get(chunkKey(segment.id, chunk)));
      }
      return chunks;
    });
  }

  store(draft: SegmentDraft): Segment {
    const lastFact = this.fingerprint(draft.last);
    return this.#use(({ lastId, insertSegment, insertChunk }) => {
      const last = lastId.get() ?? null;
      const step = last === null ? MAX_FIRST_ID : MAX_ID_STEP;
      const id = Number(last ?? 0n) + 1 + Math.floor(Math.random() * step);
      const segment = segmentOf(draft, id, lastFact);
      const { first, overflows, fences, bloom, checksum, ...row } = encodeSegment(segment);
      insertSegment.run(
        id,
        first,
        row.last,
        row.entries,
        Number(overflows),
        lastFact,
        fences,
        bloom,
        checksum,
      );
      for (let chunk = 0; chunk < segment.chunks; chunk++) {
        insertChunk.run(chunkKey(id, chunk), encodeChunk(segment, chunk, draft.sorted));
      }
      return segment;
    });
  }

  /** What tells a fact from another one of the same number; empty where there is none. */
  fingerprint(number: number): string {
    const row = this.#use(({ fact }) => fact.get(number));
    return row === undefined ? '' : `${row[0]} ${hashText(hashText(0, row[1]), row[2])}`;
  }

  remove(ids: Iterable<number>): void {
    this.#use(({ deleteSegment, deleteChunks }) => {
      for (const id of ids) {
        deleteSegment.run(id);
        deleteChunks.run(chunkKey(id, 0), chunkKey(id + 1, 0));
      }
    });
  }

  /** Makes the tables anew, empty. */
  recreate(): void {
    this.#statements = undefined;
    const tables = Object.keys(INDEX_TABLES).map((name) => `DROP TABLE IF EXISTS ${name}`);
    this.#guard(() => {
      for (const statement of [...tables, ...Object.values(INDEX_TABLES)]) {
        this.#connection.execute(statement);
      }
    });
  }

  #use<T>(work: (statements: Statements) => T): T {
    // Not prepared before they are needed: the tables may have been dropped.
    return this.#guard(() => work((this.#statements ??= prepare(this.#connection))));
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isStatementError(error)) throw new IndexUnusableError(error);
      throw error;
    }
  }
}

function isBlob(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value);
}

/** The index's tables are not there, or not as they were made. */
export class IndexUnusableError extends Error {
  constructor(cause: unknown) {
    super("The context index's tables cannot be used.", { cause });
  }
}

interface Statements {
  readonly fact: SqliteStatement<
    readonly [occurred_at: string, event_type: string, payload: string]
  >;
  readonly state: SqliteStatement<IndexState>;
  readonly ids: SqliteStatement<bigint>;
  readonly segment: SqliteStatement<StoredRow>;
  readonly chunk: SqliteStatement<Uint8Array>;
  readonly lastId: SqliteStatement<bigint | null>;
  readonly insertSegment: SqliteStatement<never>;
  readonly insertChunk: SqliteStatement<never>;
  readonly deleteSegment: SqliteStatement<never>;
  readonly deleteChunks: SqliteStatement<never>;
}

function prepare(connection: SqliteConnection): Statements {
  return {
    fact: connection.rows(
      'SELECT occurred_at, event_type, payload FROM events WHERE sequence_number = ?',
    ),
    state: connection.rows(
      `SELECT (SELECT max(sequence_number) FROM events), (SELECT max(id) FROM ${SEGMENTS})`,
    ),
    ids: connection.values(`SELECT id FROM ${SEGMENTS} ORDER BY id`),
    segment: connection.rows(
      `SELECT id, first_sequence_number, last_sequence_number, entries, overflows, last_fact,
         fences, bloom, checksum
       FROM ${SEGMENTS} WHERE id = ?`,
    ),
    chunk: connection.values(`SELECT entries FROM ${CHUNKS} WHERE id = ?`),
    lastId: connection.values(
      `SELECT max(id) FROM (
         SELECT seq AS id FROM sqlite_sequence WHERE name = '${SEGMENTS}'
         UNION ALL
         SELECT max(id) FROM ${SEGMENTS}
       )`,
    ),
    insertSegment: connection.command(
      `INSERT INTO ${SEGMENTS} (id, first_sequence_number, last_sequence_number, entries, overflows,
         last_fact, fences, bloom, checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertChunk: connection.command(`INSERT INTO ${CHUNKS} (id, entries) VALUES (?, ?)`),
    deleteSegment: connection.command(`DELETE FROM ${SEGMENTS} WHERE id = ?`),
    deleteChunks: connection.command(`DELETE FROM ${CHUNKS} WHERE id >= ? AND id < ?`),
  };
}
