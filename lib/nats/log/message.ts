import { hash } from 'node:crypto';
import type { PreparedMetadata } from '../../contract/append-metadata.js';
import type { JsonValue } from '../../contract/json-value.js';
import type { PreparedFact, PreparedFilter } from '../../contract/validation.js';
import { ContextQuery } from '../../context-index/terms/context-plan.js';
import type { ContextAppend } from '../../context-index/terms/context-plan.js';
import { DamagedLogError, UnsupportedFormatError } from '../../contract/errors.js';

/**
 * The meaning of a message: how its conditions are matched, how ids of appends are told apart and when they expire.
 * Every reader judges every message for ever, so that a mended meaning gets a number of its own, and messages of the
 * numbers before are judged as they were. `test/nats/messages` holds messages of each.
 */
export const SEMANTICS = 1;

/** One message of the log. */
export interface LogMessage {
  /** Names it: one that the log holds twice counts once. */
  readonly name: string;
  /** None in one that only asks where the log ends. */
  readonly appends: readonly ContextAppend[];
}

/** The first line: what the rest is, and its checksum. */
interface Head {
  readonly v: number;
  readonly name: string;
  readonly appends: number;
  /** SHA-256 of the rest of this line and of all that follows it. */
  readonly sum: string;
}

/** The line before an append's facts. */
interface AppendLine {
  readonly facts: number;
  /** Filters of the condition; absent for `append`. */
  readonly if?: readonly PreparedFilter[] | null;
  /** The version that the condition expects. */
  readonly version?: string | null;
  readonly id?: string;
  readonly facts_hash?: string;
  readonly command_hash?: string | null;
  readonly permanent?: true;
  readonly metadata?: string;
  readonly correlation?: string | null;
  readonly causation?: string | null;
}

/**
 * An append as lines of a message: itself, and of each fact its type and its payload, all as JSON, which has no line
 * breaks. Payloads stand in it as they are stored, so that readers need no JSON but for what they look at.
 */
export function linesOf({ facts, condition, appendId, metadata }: ContextAppend): string {
  const line: AppendLine = {
    facts: facts.length,
    ...(condition === null
      ? {}
      : { if: condition.query.filters, version: condition.expected?.toString() ?? null }),
    ...(appendId === null
      ? {}
      : {
          id: appendId.id,
          facts_hash: appendId.facts_hash,
          command_hash: appendId.command_hash,
          ...(appendId.permanent ? { permanent: true } : {}),
        }),
    ...(metadata === null
      ? {}
      : {
          metadata: metadata.text,
          correlation: metadata.correlation,
          causation: metadata.causation?.toString() ?? null,
        }),
  };
  let text = `${JSON.stringify(line)}\n`;
  for (const { event_type, payload_text } of facts) {
    text += `${JSON.stringify(event_type)}\n${payload_text}\n`;
  }
  return text;
}

/** The message of appends whose lines are `lines`. */
export function encodeMessage(name: string, lines: readonly string[]): Buffer {
  const body = lines.join('');
  const rest = { v: SEMANTICS, name, appends: lines.length };
  const head: Head = { ...rest, sum: sumOf(rest, body) };
  return Buffer.from(`${JSON.stringify(head)}\n${body}`);
}

function sumOf({ v, name, appends }: Omit<Head, 'sum'>, body: string): string {
  return hash('sha256', `${v} ${appends} ${name}\n${body}`);
}

/** Bytes that a message takes beside the lines of its appends, at most. */
export const MAX_HEAD_BYTES = 256;

/**
 * @param place names the message in errors
 * @throws DamagedLogError, UnsupportedFormatError
 */
export function decodeMessage(data: Uint8Array, place: string): LogMessage {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  const end = text.indexOf('\n');
  const head = headOf(text.slice(0, Math.max(end, 0)), place);
  const body = text.slice(end + 1);
  if (sumOf(head, body) !== head.sum) {
    throw damaged(place, 'its checksum is that of another text');
  }
  try {
    return { name: head.name, appends: appendsIn(body, head.appends) };
  } catch {
    throw damaged(place, 'its lines are not those that this package writes');
  }
}

function headOf(line: string, place: string): Head {
  let head: Partial<Head> | null;
  try {
    head = JSON.parse(line) as Partial<Head> | null;
  } catch {
    throw damaged(place, 'its first line is no JSON');
  }
  const { v, name, appends, sum } = head ?? {};
  if (
    !Number.isSafeInteger(v) ||
    v! < 1 ||
    typeof name !== 'string' ||
    !Number.isSafeInteger(appends)
  ) {
    throw damaged(place, 'it was not written by this package');
  }
  if (v! > SEMANTICS) {
    throw new UnsupportedFormatError(
      `${place} has the semantics ${v}, of a later release of nestjs-factstr; this one judges up to ${SEMANTICS}. Update this process. It has read everything before that message.`,
    );
  }
  return { v: v!, name, appends: appends!, sum: sum ?? '' };
}

function appendsIn(body: string, count: number): ContextAppend[] {
  const lines = body.split('\n');
  const appends: ContextAppend[] = [];
  let next = 0;
  while (appends.length < count) {
    const line = JSON.parse(lines[next++]!) as AppendLine;
    const facts: PreparedFact[] = [];
    while (facts.length < line.facts) {
      facts.push(new StoredFact(JSON.parse(lines[next++]!) as string, lines[next++]!));
    }
    appends.push({
      facts,
      condition: conditionOf(line),
      appendId:
        line.id === undefined
          ? null
          : {
              id: line.id,
              facts_hash: line.facts_hash!,
              command_hash: line.command_hash ?? null,
              permanent: line.permanent === true,
            },
      metadata: metadataOf(line),
    });
  }
  return appends;
}

function conditionOf({ if: filters, version }: AppendLine): ContextAppend['condition'] {
  if (filters === undefined) return null;
  return {
    query: new ContextQuery({ filters, min_sequence_number: null }),
    expected: numberOf(version),
  };
}

function metadataOf({ metadata, correlation, causation }: AppendLine): PreparedMetadata | null {
  if (metadata === undefined) return null;
  return { text: metadata, correlation: correlation ?? null, causation: numberOf(causation) };
}

function numberOf(text: string | null | undefined): bigint | null {
  return text === undefined || text === null ? null : BigInt(text);
}

/** A fact of a message. Its payload is parsed only where something looks into it. */
class StoredFact implements PreparedFact {
  #payload: JsonValue | undefined;

  constructor(
    readonly event_type: string,
    readonly payload_text: string,
  ) {}

  get payload(): JsonValue {
    return (this.#payload ??= JSON.parse(this.payload_text) as JsonValue);
  }
}

function damaged(place: string, why: string): DamagedLogError {
  return new DamagedLogError(
    `${place} is damaged: ${why}. Nothing after it is judged. A replica that lost or changed data may be its leader: have another one lead (nats stream cluster step-down), and remove the damaged one's data.`,
  );
}
