import { recordedAppend } from '../../../contract/append-id.js';
import type { RecordedAppend } from '../../../contract/append-id.js';
import { committed, refused } from '../../../contract/append-request.js';
import type { AppendOutcome } from '../../../contract/append-request.js';
import type { AppendIdReusedError } from '../../../contract/errors.js';
import type { ContextAppend } from '../../../context-index/terms/context-plan.js';
import { GroupFacts } from '../../../context-index/terms/group-facts.js';
import type { GroupPlace } from '../../../context-index/terms/group-facts.js';
import type { KnownVersion } from '../../../context-index/terms/known-contexts.js';
import type { AppendFunctions } from '../schema/append-function.js';
import type { PgRow, PgStatement } from '../connection/driver.js';
import { sqlFilters } from '../log/filters.js';
import type { KnownHead } from '../index/log-state.js';
import { arrayText, jsonArrayText } from '../connection/sql-text.js';

/** A member of a group, with what this process knows of its context; without it the server looks at all facts. */
export interface GroupMember {
  readonly pending: ContextAppend;
  readonly known: KnownVersion | null;
}

export interface AppendSettings {
  /** The quoted schema. */
  readonly schema: string;
  readonly functions: AppendFunctions;
  /** The table of its facts. */
  readonly log: string;
  readonly sparse: boolean;
  /** Milliseconds. */
  readonly lockTimeout: number;
  /** Milliseconds for which an append's id is kept. */
  readonly retention: number;
}

export interface GroupResult {
  /** The newest number before the group. */
  readonly head: bigint;
  /** The time of that fact; empty for an empty log. */
  readonly headAt: string;
  /** The time of the facts that the group has appended. */
  readonly at: string;
  /** One for each member, in order. */
  readonly outcomes: readonly AppendOutcome[];
  /** The members whose facts were appended now. */
  readonly appended: readonly ContextAppend[];
}

/**
 * The statement of a group. `known` is needed where a member is known; more than `gap` facts after it make the
 * group stale, `null` for any number.
 */
export function groupStatement(
  members: readonly GroupMember[],
  known: KnownHead | null,
  gap: number | null,
  settings: AppendSettings,
): PgStatement {
  const pending = members.map((member) => member.pending);
  const facts = pending.flatMap((member) => member.facts);
  const filters = pending.map(({ condition }) =>
    condition === null ? [] : sqlFilters(condition.query),
  );
  const flat = filters.flat();
  const single = members.length === 1;
  return {
    name: 'append-group',
    text: `SELECT out_head::text, out_head_at, out_at, out_firsts::text, out_actual::text, out_recorded::text
FROM ${settings.schema}.${settings.functions.group.name}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
  $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`,
    values: [
      arrayText(facts.map((fact) => fact.event_type)),
      jsonArrayText(facts.map((fact) => fact.payload_text)),
      single ? null : list(pending.flatMap(({ facts: own }, member) => own.map(() => member + 1))),
      single ? null : list(pending.flatMap(({ facts: own }) => own.map((_, place) => place))),
      list(pending.map(({ facts: own }) => own.length)),
      pending.map(({ appendId }) => appendId?.id ?? ''),
      list(pending.map(({ appendId }) => appendId?.facts_hash ?? '""')),
      list(pending.map(({ appendId }) => appendId?.command_hash ?? '""')),
      list(pending.map(({ appendId }) => appendId?.permanent === true)),
      list(pending.map(({ condition }) => condition !== null)),
      list(pending.map(({ condition }) => condition?.expected ?? -1)),
      list(members.map((member) => member.known?.head ?? 0)),
      list(members.map((member) => member.known?.version ?? 0)),
      single ? '{""}' : earlierMatches(pending),
      list(filters.map((own) => own.length)),
      flat.map(({ types }) => types ?? ''),
      flat.map(({ containers }) => containers ?? ''),
      flat.map(({ scalars }) => scalars ?? ''),
      ...metadataOf(pending),
      settings.log,
      known?.number ?? null,
      known?.at ?? null,
      gap,
      settings.sparse,
      String(settings.retention),
      String(settings.lockTimeout),
    ],
  };
}

/** As `groupStatement`; a single plain append goes by the function of its own. */
export function ownStatement(...asked: Parameters<typeof groupStatement>): PgStatement {
  const [[first], , , { schema, functions, log, sparse, lockTimeout }] = asked;
  const { facts, condition, appendId, metadata } = first!.pending;
  const isPlain = condition === null && appendId === null && metadata === null;
  if (asked[0].length > 1 || !isPlain) return groupStatement(...asked);
  return {
    name: 'append',
    text: `SELECT ${schema}.${functions.one.name}($1, $2, $3, $4, $5)`,
    values: [
      arrayText(facts.map((fact) => fact.event_type)),
      jsonArrayText(facts.map((fact) => fact.payload_text)),
      log,
      sparse,
      String(lockTimeout),
    ],
  };
}

/** `undefined` when the group was stale: nothing was written. */
export function groupResult(
  pending: readonly ContextAppend[],
  row: PgRow,
): GroupResult | undefined {
  const [head, headAt, at, firsts, actual, recorded] = row.length === 1 ? rowOfOne(row[0]!) : row;
  if (firsts == null) return undefined;
  const firstOf = elements(firsts);
  const actualOf = elements(actual!);
  const recordedOf = recorded == null ? [] : elements(recorded);
  return {
    head: BigInt(head!),
    headAt: headAt ?? '',
    at: at ?? '',
    outcomes: pending.map((member, index) =>
      outcome(member, firstOf[index] ?? null, actualOf[index] ?? null, recordedOf[index] ?? null),
    ),
    appended: pending.filter((_, index) => firstOf[index] != null),
  };
}

/** As the row of a group of one. */
function rowOfOne(text: string): PgRow {
  const [head, headAt, at] = text.split(' ');
  const first = String(BigInt(head!) + 1n);
  return [head!, headAt === '-' ? null : headAt!, at!, `{${first}}`, '{NULL}', null];
}

function outcome(
  { facts, condition, appendId }: ContextAppend,
  first: string | null,
  actual: string | null,
  recorded: string | null,
): AppendOutcome {
  if (recorded !== null) {
    try {
      return { verdict: committed(recordedAppend(appendId!, recordedOf(recorded))) };
    } catch (refusal) {
      return { refusal: refusal as AppendIdReusedError };
    }
  }
  if (first === null) {
    // Only an append with a condition is refused.
    const { expected } = condition!;
    return { verdict: refused(expected, actual === null ? null : BigInt(actual)) };
  }
  const first_sequence_number = BigInt(first);
  const committed_count = BigInt(facts.length);
  const last_sequence_number = first_sequence_number + committed_count - 1n;
  return { verdict: committed({ first_sequence_number, last_sequence_number, committed_count }) };
}

/** What the server tells of an id. */
export function recordedOf(text: string): RecordedAppend {
  const [first, last, facts_hash, command_hash = null] = text.split(' ');
  return { first: BigInt(first!), last: BigInt(last!), facts_hash: facts_hash!, command_hash };
}

/** What was recorded under an id. */
export function recordedStatement(id: string, schema: string): PgStatement {
  return {
    name: 'recorded-append',
    text: `SELECT concat_ws(' ', first_sequence_number, last_sequence_number, facts_hash, command_hash)
FROM ${schema}.nestjs_factstr_appends WHERE append_id = $1`,
    values: [id],
  };
}

/** Texts, causes and correlations; `null` where no member has metadata. */
function metadataOf(pending: readonly ContextAppend[]): (string | null)[] {
  if (!pending.some(({ metadata }) => metadata !== null)) return [null, null, null];
  return [
    arrayText(pending.map(({ metadata }) => metadata?.text ?? '')),
    list(pending.map(({ metadata }) => metadata?.causation ?? 0)),
    arrayText(pending.map(({ metadata }) => metadata?.correlation ?? '')),
  ];
}

/** For each member the facts of those before it that match its condition. */
function earlierMatches(pending: readonly ContextAppend[]): string[] {
  if (!pending.some(({ condition }) => condition !== null)) return pending.map(() => '');
  const group = new GroupFacts();
  return pending.map(({ facts, condition }, member) => {
    const places: GroupPlace[] = condition === null ? [] : group.matching(condition.query);
    group.add(member, facts);
    return places.length === 0
      ? ''
      : list(places.flatMap((place) => [place.member + 1, place.offset]));
  });
}

/** The text form of an array of values that need no quotes. */
function list(values: readonly (number | bigint | string | boolean)[]): string {
  return `{${values.join(',')}}`;
}

/** The elements of such an array's text; quotes are taken off. */
function elements(text: string): (string | null)[] {
  if (text === '{}') return [];
  return text
    .slice(1, -1)
    .split(',')
    .map((element) => (element === 'NULL' ? null : element.replaceAll('"', '')));
}
