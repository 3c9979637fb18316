import { isWrittenCanonically, jsonElements, jsonMembers } from '../../../support/json-text.js';
import { lineOf } from '../batch.js';
import type {
  TransferredAppend,
  TransferredBatch,
  TransferredFact,
  TransferredMetadata,
} from '../batch.js';

/** Values that nothing is known of yet; an absent one is null. */
export type Members<Name extends string> = { readonly [name in Name]: unknown };

export interface FactMembers extends Members<Exclude<keyof TransferredFact, 'payload'>> {
  /** Its canonical text, and what `JSON.parse` makes of that. */
  readonly payload: { readonly text: string; readonly value: unknown } | undefined;
}

/** What a line has. Where it is not what its format says, the part that is asked for throws. */
export interface LineMembers {
  readonly facts: Iterable<FactMembers>;
  metadata(): Members<keyof TransferredMetadata> | null;
  append(): Members<keyof TransferredAppend> | null;
}

/** @throws SyntaxError for what is no line of an export */
export function readLine(line: string): LineMembers {
  return readWritten(line) ?? readAny(line);
}

/**
 * A line as `export` writes it, which is read once, by `JSON.parse`: it is one when what was read of it, written again,
 * is the line, to the byte. Then no member is unknown, repeated or elsewhere, and the payloads’ texts are canonical
 * where their values are written so.
 *
 * @returns `undefined` for any other line, also one that is no JSON
 */
function readWritten(line: string): LineMembers | undefined {
  try {
    const { facts, metadata = null, append = null } = JSON.parse(line) as WrittenLine;
    const members = facts.map(({ sequence_number, occurred_at, event_type, payload }) => ({
      sequence_number,
      occurred_at,
      event_type,
      payload: { text: JSON.stringify(payload), value: payload },
    }));
    const written = {
      facts: members.map((fact) => ({ ...fact, payload: fact.payload.text })),
      ...furtherOf(metadata, append),
    };
    if (!members.every(isPlain) || lineOf(written) !== line) return undefined;
    return { facts: members, metadata: () => written.metadata, append: () => written.append };
  } catch {
    return undefined;
  }
}

/** What a line has if it is one that `export` wrote; the types are those of a guess, which its text proves. */
interface WrittenLine {
  readonly facts: readonly {
    readonly sequence_number: string;
    readonly occurred_at: string;
    readonly event_type: string;
    readonly payload: unknown;
  }[];
  readonly metadata?: Partial<TransferredMetadata>;
  readonly append?: Partial<TransferredAppend>;
}

/** Whether it stands in a line as it is. */
function isPlain({ sequence_number, payload }: FactMembers): boolean {
  return /^\d+$/.test(sequence_number as string) && isWrittenCanonically(payload?.value);
}

/** The known members only, in the order of an export; it writes those that are null. */
function furtherOf(
  metadata: Partial<TransferredMetadata> | null,
  append: Partial<TransferredAppend> | null,
): Pick<TransferredBatch, 'metadata' | 'append'> {
  const { causation = null, correlation = null, text = '' } = metadata ?? {};
  const { id = '', facts_hash = '', command_hash = null, appended_at = '' } = append ?? {};
  return {
    metadata: metadata === null ? null : { causation, correlation, text },
    append: append === null ? null : { id, facts_hash, command_hash, appended_at },
  };
}

/** A line of whatever else writes JSON: members in another order, spaces, numbers with exponents. */
function readAny(line: string): LineMembers {
  const members = membersOf(line, ['facts', 'metadata', 'append'], 'the line');
  const part = <Name extends string>(
    name: string,
    known: readonly Name[],
  ): Members<Name> | null => {
    const text = members.get(name);
    if (text === undefined || text === 'null') return null;
    return valuesOf(membersOf(text, known, `its ${name}`), known);
  };
  return {
    facts: factsOf(members.get('facts') ?? '[]'),
    metadata: () => part('metadata', ['causation', 'correlation', 'text']),
    append: () => part('append', ['id', 'facts_hash', 'command_hash', 'appended_at']),
  };
}

function* factsOf(text: string): Generator<FactMembers> {
  for (const fact of jsonElements(text)) {
    const members = membersOf(fact, ['sequence_number', 'occurred_at', 'event_type', 'payload'], 'a fact'); // prettier-ignore
    const payload = members.get('payload');
    yield {
      ...valuesOf(members, ['sequence_number', 'occurred_at', 'event_type']),
      payload: payload === undefined ? undefined : { text: payload, value: JSON.parse(payload) },
    };
  }
}

/** @throws SyntaxError for what is no object, and for members that would be lost */
function membersOf(text: string, known: readonly string[], what: string): Map<string, string> {
  const members = jsonMembers(text);
  const unknown = [...members.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return members;
  throw new SyntaxError(
    `${what} has the unknown member ${JSON.stringify(unknown.slice(0, 60))}; known are ${known.join(', ')}`,
  );
}

/** An absent member is null. */
function valuesOf<Name extends string>(
  members: ReadonlyMap<string, string>,
  names: readonly Name[],
): Members<Name> {
  const values = names.map((name) => [name, JSON.parse(members.get(name) ?? 'null') as unknown]);
  return Object.fromEntries(values) as Members<Name>;
}
