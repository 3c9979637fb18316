import { isUtf8 } from 'node:buffer';
import type { JsonValue } from '../../contract/json-value.js';
import { textProblem } from '../../contract/json-value.js';
import type { SnapshotReader } from '../database/database.types.js';
import type { FactRange } from '../facts/read-facts.js';
import { bytesOf } from './stored-bytes.js';
import { RESTORE } from './problem.js';
import type { Verification } from './problem.js';

/** A fact that can be read. */
export interface ReadableFact {
  readonly sequence_number: bigint;
  readonly occurred_at: string;
  readonly event_type: string;
  /** As it is stored. */
  readonly payload: string;
  readonly value: JsonValue;
}

/** Passes over what is no fact: `verifyFacts` tells it. */
export async function* readableFacts(
  read: SnapshotReader,
  { after, upTo }: FactRange,
): AsyncGenerator<ReadableFact> {
  const occurred =
    read.provider === 'postgres'
      ? `pg_catalog.to_json(occurred_at AT TIME ZONE 'UTC')::text`
      : 'occurred_at';
  const sql = `SELECT sequence_number, ${occurred}, event_type, payload FROM events
WHERE sequence_number > ${after} AND sequence_number <= ${upTo} ORDER BY sequence_number`;
  for await (const [number, time, event_type, payload] of read.rows(sql)) {
    const value = parsed(payload);
    if (value === undefined || event_type == null || time == null) continue;
    const occurred_at = read.provider === 'postgres' ? `${time.slice(1, -1)}Z` : time;
    yield { sequence_number: BigInt(number!), occurred_at, event_type, payload: payload!, value };
  }
}

function parsed(text: string | null | undefined): JsonValue | undefined {
  try {
    return text == null ? undefined : (JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}

/** Texts that are no UTF-8, or that only one provider can hold. */
export async function verifyReadable({ read, head, tell }: Verification): Promise<void> {
  for await (const fact of readableFacts(read, { after: 0n, upTo: head })) {
    const { sequence_number, event_type, payload } = fact;
    const row = `events ${sequence_number}`;
    const problem = textProblem(event_type);
    if (problem !== undefined) {
      await tell({ check: 'facts', row, says: `its type ${problem}`, wayOut: RESTORE });
    }
    // What stands for bytes that are no text when they are read. A text may have it by itself.
    if (read.provider !== 'sqlite' || !`${event_type}${payload}`.includes('\uFFFD')) continue;
    const [type, content] = (await read.row(
      `SELECT CAST(event_type AS BLOB), CAST(payload AS BLOB) FROM events WHERE sequence_number = ${sequence_number}`,
    ))!;
    for (const [what, bytes] of [
      ['type', type!],
      ['payload', content!],
    ] as const) {
      if (isUtf8(bytesOf(bytes))) continue;
      await tell({ check: 'facts', row, says: `its ${what} is not UTF-8`, wayOut: RESTORE });
    }
  }
}
