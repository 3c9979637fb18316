import { canonicalJson } from '../../support/json-text.js';

/** A committed append, as files carry it. */
export interface TransferredBatch {
  readonly facts: readonly TransferredFact[];
  readonly metadata: TransferredMetadata | null;
  readonly append: TransferredAppend | null;
}

/** A batch that a file has. */
export interface FileBatch extends TransferredBatch {
  /** As in `Line 7 of facts.ndjson`. */
  readonly where: string;
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

/** What a line is made of, with the numbers of facts as values or as the texts of them. */
interface WrittenBatch extends Pick<TransferredBatch, 'metadata' | 'append'> {
  readonly facts: readonly (Omit<TransferredFact, 'sequence_number'> & {
    readonly sequence_number: bigint | string;
  })[];
}

/** A batch as a line: equal batches have equal lines, whichever provider they come from. */
export function lineOf({ facts, metadata, append }: WrittenBatch): string {
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
  return (
    one.event_type === other.event_type &&
    (one.occurred_at === other.occurred_at || timeOf(one) === timeOf(other)) &&
    (one.payload === other.payload || canonicalJson(one.payload) === canonicalJson(other.payload))
  );
}

function timeOf({ occurred_at }: TransferredFact): string {
  return microseconds(canonicalTime(occurred_at)).time;
}

/** Postgres keeps six decimals of a second. */
export function microseconds(time: string): { time: string; isLoss: boolean } {
  const cut = time.replace(/(\.\d{6})\d+(?=Z$)/, '$1');
  return { time: canonicalTime(cut), isLoss: cut !== time };
}

/** Without the zeros that one provider writes at its end and the other does not. */
export function canonicalTime(time: string): string {
  return time
    .replace(/(?:\+00:00|\+00)$/, 'Z')
    .replace(/(\.\d*?)0+(?=Z$)/, '$1')
    .replace(/\.(?=Z$)/, '');
}
