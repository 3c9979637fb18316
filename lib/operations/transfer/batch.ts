import { InvalidOptionsError } from '../../contract/errors.js';
import { canonicalJson, jsonElements, jsonMembers } from '../../support/json-text.js';

/** A committed append, as files carry it. */
export interface TransferredBatch {
  readonly facts: readonly TransferredFact[];
  readonly metadata: TransferredMetadata | null;
  readonly append: TransferredAppend | null;
}

export interface TransferredFact {
  readonly sequence_number: bigint;
  /** ISO, in UTC, with as many decimals as it has. */
  readonly occurred_at: string;
  readonly event_type: string;
  /** JSON text. */
  readonly payload: string;
}

export interface TransferredMetadata {
  readonly causation: string | null;
  readonly correlation: string | null;
  /** JSON text, as it is stored. */
  readonly text: string;
}

/** By what an append is known when it is repeated. */
export interface TransferredAppend {
  readonly id: string;
  readonly facts_hash: string;
  readonly command_hash: string | null;
  /** ISO, in UTC, to the millisecond; `infinity` for an id that is kept for ever. */
  readonly appended_at: string;
}

/** The first line of a file. */
export const FORMAT_LINE = '{"format":"nestjs-factstr facts 1"}';

/** The last line of a file that is whole: the number of its last fact, 0 without facts. */
export function endLine(last: bigint): string {
  return `{"end":"${last}"}`;
}

/** The number of a last line, `undefined` for any other line. */
export function endOfLine(line: string): bigint | undefined {
  const end = /^\{"end":"(0|[1-9]\d{0,18})"\}$/.exec(line)?.[1];
  return end === undefined ? undefined : BigInt(end);
}

/** A batch as a line: equal batches have equal lines, whichever provider they come from. */
export function lineOf({ facts, metadata, append }: TransferredBatch): string {
  const parts = facts.map(
    (fact) =>
      `{"sequence_number":"${fact.sequence_number}","occurred_at":${JSON.stringify(fact.occurred_at)},"event_type":${JSON.stringify(fact.event_type)},"payload":${fact.payload}}`,
  );
  const further = [
    ...(metadata === null ? [] : [`,"metadata":${JSON.stringify(metadata)}`]),
    ...(append === null ? [] : [`,"append":${JSON.stringify(append)}`]),
  ];
  return `{"facts":[${parts.join(',')}]${further.join('')}}`;
}

/**
 * The batch of a line. Payloads are carried as text.
 *
 * @param where as in `line 7 of facts.ndjson`
 * @throws InvalidOptionsError for what is no batch
 */
export function batchOf(line: string, where: string): TransferredBatch {
  try {
    const members = jsonMembers(line);
    const facts = jsonElements(members.get('facts') ?? '').map(factOf);
    if (facts.length === 0) throw new SyntaxError('it has no facts');
    for (const [index, { sequence_number }] of facts.entries()) {
      if (sequence_number !== facts[0]!.sequence_number + BigInt(index)) {
        throw new SyntaxError(`fact ${sequence_number} is not in its place`);
      }
    }
    return {
      facts,
      metadata: object(members.get('metadata'), ['text']) as TransferredMetadata | null,
      append: object(members.get('append'), ['id', 'facts_hash', 'appended_at']) as TransferredAppend | null, // prettier-ignore
    };
  } catch (error) {
    throw new InvalidOptionsError(
      `${where} is no batch of an export: ${error instanceof SyntaxError ? error.message : 'it cannot be read'}. Export the facts again.`,
    );
  }
}

function factOf(text: string): TransferredFact {
  const members = jsonMembers(text);
  const textOf = (name: string): string => {
    const value: unknown = JSON.parse(members.get(name) ?? 'null');
    if (typeof value !== 'string') throw new SyntaxError(`a fact has no ${name}`);
    return value;
  };
  const number = textOf('sequence_number');
  if (!/^[1-9]\d{0,18}$/.test(number)) throw new SyntaxError('a fact has no number');
  const payload = members.get('payload');
  if (payload === undefined) throw new SyntaxError(`fact ${number} has no payload`);
  const occurred_at = canonicalTime(textOf('occurred_at'));
  if (Number.isNaN(Date.parse(occurred_at))) throw new SyntaxError(`fact ${number} has no time`);
  return {
    sequence_number: BigInt(number),
    occurred_at,
    event_type: textOf('event_type'),
    payload,
  };
}

function object(text: string | undefined, texts: readonly string[]): object | null {
  if (text === undefined || text === 'null') return null;
  const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const wrong = texts.find((name) => typeof value[name] !== 'string');
  if (wrong !== undefined) throw new SyntaxError(`its ${wrong} is missing`);
  return value;
}

/** A stored fact as files carry it. @throws SyntaxError for a payload that is no JSON */
export function transferred(fact: TransferredFact): TransferredFact {
  return {
    sequence_number: fact.sequence_number,
    occurred_at: canonicalTime(fact.occurred_at),
    event_type: fact.event_type,
    payload: canonicalJson(fact.payload),
  };
}

/** Whether two facts are one, up to microseconds, which is what Postgres keeps of times. */
export function isSameFact(one: TransferredFact, other: TransferredFact): boolean {
  const [left, right] = [transferred(one), transferred(other)];
  return (
    left.event_type === right.event_type &&
    left.payload === right.payload &&
    microseconds(left.occurred_at).time === microseconds(right.occurred_at).time
  );
}

/** Postgres keeps six decimals of a second. */
export function microseconds(time: string): { time: string; isLoss: boolean } {
  const cut = time.replace(/(\.\d{6})\d+(?=Z$)/, '$1');
  return { time: canonicalTime(cut), isLoss: cut !== time };
}

/** Without the zeros that one provider writes at its end and the other does not. */
function canonicalTime(time: string): string {
  return time
    .replace(/(?:\+00:00|\+00)$/, 'Z')
    .replace(/(\.\d*?)0+(?=Z$)/, '$1')
    .replace(/\.(?=Z$)/, '');
}
