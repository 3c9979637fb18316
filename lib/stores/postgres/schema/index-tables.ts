import { chunkKey } from '../../../context-index/segments/chunk-cache.js';
import { MAX_SPAN } from '../../../context-index/segments/entries.js';
import {
  decodeSegment,
  encodeChunk,
  encodeSegment,
} from '../../../context-index/segments/segment-codec.js';
import type { Segment, SegmentDraft } from '../../../context-index/segments/segment.js';
import type { PgRow, PgStatement } from '../connection/driver.js';
import { MOMENT, OCCURRED_AT } from '../connection/records.js';
import { quoteIdentifier, quoteLiteral } from '../connection/sql-text.js';

export const SEGMENTS = 'nestjs_factstr_index_1_segments';
export const CHUNKS = 'nestjs_factstr_index_1_chunks';

/**
 * The context index's tables: a cache. They may be dropped at any time; what they hold is then made again. The
 * number in their names is the format's: another format gets other tables.
 */
export const INDEX_TABLES: Readonly<Record<string, string>> = {
  [SEGMENTS]: `
  id bigint PRIMARY KEY,
  first_sequence_number bigint NOT NULL,
  last_sequence_number bigint NOT NULL,
  entries integer NOT NULL,
  overflows boolean NOT NULL,
  last_fact text NOT NULL,
  fences bytea NOT NULL,
  bloom bytea NOT NULL,
  checksum bigint NOT NULL`,
  [CHUNKS]: `
  id bigint PRIMARY KEY,
  entries bytea NOT NULL`,
};

/** Bytes, as stored, beyond which a payload is not read to be indexed: the fact is a candidate for everything. */
export const LARGE_PAYLOAD = 16_384;

/** The columns, with their types, by which our tables are told from foreign ones of these names. */
export const INDEX_COLUMNS: Readonly<Record<string, string>> = {
  [SEGMENTS]:
    'bloom bytea,checksum int8,entries int4,fences bytea,first_sequence_number int8,id int8,last_fact text,last_sequence_number int8,overflows bool',
  [CHUNKS]: 'entries bytea,id int8',
};

export function createIndexTableSql(schema: string, name: string, guard = ''): string {
  const table = `${quoteIdentifier(schema)}.${name}`;
  const create = `CREATE TABLE ${guard}${table} (${INDEX_TABLES[name]!}\n)`;
  if (name !== CHUNKS) return create;
  // They do not compress, and fit a page.
  return `${create};\n\nALTER TABLE ${table} ALTER COLUMN entries SET STORAGE PLAIN`;
}

/** One process at a time changes the segments. */
export function tryLockStatement(schema: string): PgStatement {
  const name = quoteLiteral(`nestjs-factstr index ${schema}`);
  return {
    text: `SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended(${name}, 0))`,
  };
}

/** What tells a fact from another one of the same number. */
const FINGERPRINT = `${OCCURRED_AT}::text || ' ' || pg_catalog.md5(event_type || ' ' || payload::text)`;

/** The statements of one schema, quoted. */
export class PostgresIndexTables {
  readonly #schema: string;

  constructor(schema: string) {
    this.#schema = schema;
  }

  newestId(): PgStatement {
    return { text: `SELECT max(id)::text FROM ${this.#schema}.${SEGMENTS}` };
  }

  /** The newest id, and the time of a fact. */
  outcome(number: number): PgStatement {
    return {
      text: `SELECT (SELECT max(id) FROM ${this.#schema}.${SEGMENTS}),
  (SELECT ${MOMENT} FROM ${this.#schema}.events WHERE sequence_number = $1::bigint)`,
      values: [String(number)],
    };
  }

  ids(): PgStatement {
    return { name: 'segment-ids', text: `SELECT id::text FROM ${this.#schema}.${SEGMENTS}` };
  }

  segments(ids: readonly number[]): PgStatement {
    return {
      name: 'segments',
      text: `SELECT id, first_sequence_number, last_sequence_number, entries, overflows, last_fact,
  pg_catalog.encode(fences, 'hex'), pg_catalog.encode(bloom, 'hex'), checksum
FROM ${this.#schema}.${SEGMENTS} WHERE id = ANY ($1::bigint[])`,
      values: [numbers(ids)],
    };
  }

  chunks(keys: readonly number[]): PgStatement {
    return {
      name: 'chunks',
      text: `SELECT id, pg_catalog.encode(entries, 'hex') FROM ${this.#schema}.${CHUNKS} WHERE id = ANY ($1::bigint[])`,
      values: [numbers(keys)],
    };
  }

  /** The newest facts of part of the log, newest first; without the payloads that are too large to be read. */
  older(after: number, last: number, limit: number): PgStatement {
    return {
      name: 'older',
      text: `SELECT sequence_number, event_type,
  CASE WHEN pg_catalog.pg_column_size(payload) <= ${LARGE_PAYLOAD} THEN payload END
FROM ${this.#schema}.events
WHERE sequence_number > $1::bigint AND sequence_number <= $2::bigint
ORDER BY sequence_number DESC LIMIT $3::bigint`,
      values: [String(after), String(last), limit],
    };
  }

  fingerprint(number: number): PgStatement {
    return {
      name: 'fingerprint',
      text: `SELECT ${FINGERPRINT} FROM ${this.#schema}.events WHERE sequence_number = $1::bigint`,
      values: [String(number)],
    };
  }

  /** In two statements: the segment, and its chunks. */
  insert(segment: Segment, draft: SegmentDraft): PgStatement[] {
    const row = encodeSegment(segment);
    const chunks = Array.from({ length: segment.chunks }, (_, chunk) => chunk);
    return [
      {
        text: `INSERT INTO ${this.#schema}.${SEGMENTS} (id, first_sequence_number, last_sequence_number, entries,
  overflows, last_fact, fences, bloom, checksum) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        values: [
          String(row.id),
          String(row.first),
          String(row.last),
          row.entries,
          row.overflows,
          row.lastFact,
          bufferOf(row.fences),
          bufferOf(row.bloom),
          row.checksum,
        ],
      },
      {
        text: `INSERT INTO ${this.#schema}.${CHUNKS} (id, entries)
SELECT id, pg_catalog.decode(entries, 'hex') FROM unnest($1::bigint[], $2::text[]) AS chunk (id, entries)`,
        values: [
          numbers(chunks.map((chunk) => chunkKey(segment.id, chunk))),
          chunks.map((chunk) =>
            bufferOf(encodeChunk(segment, chunk, draft.sorted)).toString('hex'),
          ),
        ],
      },
    ];
  }

  /** In two statements. */
  remove(ids: readonly number[]): PgStatement[] {
    return [
      {
        text: `DELETE FROM ${this.#schema}.${SEGMENTS} WHERE id = ANY ($1::bigint[])`,
        values: [numbers(ids)],
      },
      {
        text: `DELETE FROM ${this.#schema}.${CHUNKS} AS chunk USING unnest($1::bigint[]) AS segment (id)
WHERE chunk.id >= segment.id * ${MAX_SPAN} AND chunk.id < (segment.id + 1) * ${MAX_SPAN}`,
        values: [numbers(ids)],
      },
    ];
  }
}

/** `undefined` for a row that is not what was written. */
export function segmentOfRow(row: PgRow): Segment | undefined {
  const [id, first, last, entries, overflows, lastFact, fences, bloom, checksum] = row;
  return decodeSegment({
    id: Number(id),
    first: Number(first),
    last: Number(last),
    entries: Number(entries),
    overflows: overflows === 't',
    lastFact: lastFact!,
    fences: Buffer.from(fences!, 'hex'),
    bloom: Buffer.from(bloom!, 'hex'),
    checksum: Number(checksum),
  });
}

export function chunkOfRow([id, entries]: PgRow): [key: number, bytes: Uint8Array] {
  return [Number(id), Buffer.from(entries!, 'hex')];
}

function numbers(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
