import { metadataIn } from '../../../contract/append-metadata.js';
import type {
  CausedAppend,
  FactMetadata,
  MetadataReader,
} from '../../../contract/contract.types.js';
import type { PgStatement } from '../connection/driver.js';
import type { ReadyConnection } from '../schema/ready-schema.js';

/** What is kept of appends besides their facts. */
export class PostgresMetadata implements MetadataReader {
  readonly #connection: ReadyConnection;

  constructor(connection: ReadyConnection) {
    this.#connection = connection;
  }

  async of(numbers: readonly bigint[]): Promise<(FactMetadata | null)[]> {
    if (numbers.length === 0) return [];
    const { schema, run } = await this.#connection.ready();
    const rows = await run('Reading metadata', rowsStatement(schema, numbers));
    const found = rows.map(([first, last, text]) => ({
      first: BigInt(first!),
      last: BigInt(last!),
      text: text!,
    }));
    return metadataIn(found, numbers);
  }

  async causedBy(numbers: readonly bigint[], limit: number): Promise<CausedAppend[]> {
    if (numbers.length === 0) return [];
    const { schema, run } = await this.#connection.ready();
    const statement = causedStatement(schema, numbers, limit);
    const rows = await run('Reading what follows from facts', statement);
    return rows.map(([first, last, causation]) => ({
      first_sequence_number: BigInt(first!),
      last_sequence_number: BigInt(last!),
      causation: BigInt(causation!),
    }));
  }
}

/** Each row once, in the order of the log, though many of the facts may share it. */
function rowsStatement(schema: string, numbers: readonly bigint[]): PgStatement {
  return {
    name: 'metadata',
    text: `SELECT DISTINCT ON (found.first_sequence_number) found.first_sequence_number::text,
  found.last_sequence_number::text, found.metadata
FROM unnest($1::bigint[]) AS asked (number)
CROSS JOIN LATERAL (
  SELECT m.first_sequence_number, m.last_sequence_number, m.metadata
  FROM ${schema}.nestjs_factstr_metadata AS m
  WHERE m.first_sequence_number <= asked.number
  ORDER BY m.first_sequence_number DESC LIMIT 1
) AS found
WHERE found.last_sequence_number >= asked.number
ORDER BY found.first_sequence_number`,
    values: [`{${numbers.join(',')}}`],
  };
}

function causedStatement(schema: string, numbers: readonly bigint[], limit: number): PgStatement {
  return {
    name: 'caused',
    text: `SELECT first_sequence_number::text, last_sequence_number::text, causation::text
FROM ${schema}.nestjs_factstr_metadata
WHERE causation = ANY ($1::bigint[]) AND first_sequence_number > causation
ORDER BY ${schema}.nestjs_factstr_metadata.first_sequence_number LIMIT $2`,
    values: [`{${numbers.join(',')}}`, limit],
  };
}
