import { DEFAULT_LIMITS } from '../../contract/limits.js';
import { InvalidSchemaError } from '../../contract/errors.js';
import type { JsonOf, PayloadPart } from '../fact-map.js';
import { nameProblem } from '../../contract/validation.js';
import type { MaybePromise } from '../../contract/contract.types.js';
import { isAsynchronous } from './asynchronous.js';
import { isStandardSchema } from './standard-schema.js';
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.js';

/**
 * How facts of a former type are read as the type that has replaced it. `upcast` makes it with the former type's schema.
 *
 * @publicApi
 */
export interface FactUpcast<New = unknown, Part = unknown> {
  /** The schema of the former type, whose output `up` gets. Absent: `up` gets the payload as it is stored. */
  readonly schema?: StandardSchema | undefined;
  /** Makes of a payload of the former type one of the new type, as it would be appended. Synchronous. */
  up(old: unknown): New;
  /**
   * Makes of a payload predicate on the new type one on the stored payloads of the former type: it is to match the
   * facts that match `part` once they are read. An array: several, of which one is to match; `[]`: no fact of the
   * former type does. `undefined`: this part cannot be translated, and the query is refused. Absent: queries with
   * predicates are refused.
   */
  where?(part: Part): unknown;
}

/**
 * A type of facts: its schema, and what else is to be known of it.
 *
 * @publicApi
 */
export interface FactDefinition<S extends StandardSchema = StandardSchema> {
  /** Synchronous: a fact that could be written and not read would be lost. */
  readonly schema: S;
  /** The former types whose facts are read as this one. They are not written any more. */
  readonly from?:
    | { readonly [type: string]: FactUpcast<SchemaInput<S>, PayloadPart<JsonOf<SchemaInput<S>>>> }
    | undefined;
  /**
   * An additional check, on append only, of the payload as it will be read. It may be asynchronous in `FactstrStore`:
   * the append keeps its place, and later ones of the service wait, 30 s at most. `false` refuses the fact; what it
   * throws is passed on. It cannot append to its own store.
   */
  checkAppend?(payload: SchemaOutput<S>): MaybePromise<boolean | void>;
  /**
   * Members (`'course_id'`, `'address.city'`, `'lines.sku'` in an array) that are stored as they are read, where that
   * cannot be told from the schema: queries may have predicates on them.
   */
  readonly matchable?: readonly string[] | undefined;
}

/**
 * How facts of a former type, by its own schema, are read as the type that has replaced it.
 *
 * @publicApi
 */
export function upcast<S extends StandardSchema, New, Part = unknown>(
  schema: S,
  up: (old: SchemaOutput<S>) => New,
  where?: (part: Part) => unknown,
): FactUpcast<New, Part> {
  return { schema, up, ...(where === undefined ? {} : { where }) };
}

/** A type as it was defined, checked. */
export interface DefinedFact {
  readonly type: string;
  readonly schema: StandardSchema;
  readonly from: ReadonlyMap<string, DefinedUpcast>;
  readonly check: ((payload: unknown) => unknown) | undefined;
  readonly matchable: readonly string[];
}

export interface DefinedUpcast {
  readonly schema: StandardSchema | undefined;
  readonly up: (old: unknown) => unknown;
  readonly where: ((part: unknown) => unknown) | undefined;
}

const EXAMPLE = "defineFacts({ 'course-defined': z.object({ … }) })";

/** @throws InvalidSchemaError */
export function readDefinitions(given: unknown): ReadonlyMap<string, DefinedFact> {
  if (!isRecord(given) || isStandardSchema(given)) {
    throw new InvalidSchemaError(`defineFacts takes a schema for each type: ${EXAMPLE}.`);
  }
  const defined = new Map(
    Object.entries(given).map(([type, definition]) => [type, readDefinition(type, definition)]),
  );
  if (defined.size === 0) throw new InvalidSchemaError(`defineFacts has no type: ${EXAMPLE}.`);
  return defined;
}

function readDefinition(type: string, given: unknown): DefinedFact {
  checkName(type);
  const name = JSON.stringify(type);
  if (isStandardSchema(given)) {
    return {
      type,
      schema: schemaOf(given, name),
      from: new Map(),
      check: undefined,
      matchable: [],
    };
  }
  if (!isRecord(given)) {
    throw new InvalidSchemaError(
      `The type ${name} has no schema: expected one of a library that implements Standard Schema 1 (zod 4, valibot, arktype), or { schema, from, checkAppend, matchable }.`,
    );
  }
  refuseUnknown(given, ['schema', 'from', 'checkAppend', 'matchable'], `The type ${name}`);
  const { schema, from = {}, checkAppend, matchable = [] } = given;
  if (checkAppend !== undefined && typeof checkAppend !== 'function') {
    throw new InvalidSchemaError(`checkAppend of the type ${name} is no function.`);
  }
  if (!Array.isArray(matchable) || !matchable.every((path) => typeof path === 'string' && path)) {
    throw new InvalidSchemaError(
      `matchable of the type ${name} lists paths such as 'course_id' or 'address.city'.`,
    );
  }
  if (!isRecord(from)) {
    throw new InvalidSchemaError(
      `from of the type ${name} has a member for each former type: { 'old-type': { up: (old) => ({ … }) } }.`,
    );
  }
  return {
    type,
    schema: schemaOf(schema, name),
    from: new Map(
      Object.entries(from).map(([old, upcast]) => [old, readUpcast(old, upcast, name)]),
    ),
    check: checkAppend as DefinedFact['check'],
    matchable: [...(matchable as string[])],
  };
}

function readUpcast(old: string, given: unknown, name: string): DefinedUpcast {
  checkName(old);
  const subject = `The former type ${JSON.stringify(old)} of ${name}`;
  if (!isRecord(given) || typeof given['up'] !== 'function') {
    throw new InvalidSchemaError(`${subject} needs { up: (old) => ({ … }) }.`);
  }
  refuseUnknown(given, ['schema', 'up', 'where'], subject);
  const { schema, up, where } = given;
  if (where !== undefined && typeof where !== 'function') {
    throw new InvalidSchemaError(
      `${subject}: where is a function that makes of a predicate on ${name} one on the former type.`,
    );
  }
  return {
    schema: schema === undefined ? undefined : schemaOf(schema, JSON.stringify(old)),
    up: up as DefinedUpcast['up'],
    where: where as DefinedUpcast['where'],
  };
}

function schemaOf(given: unknown, name: string): StandardSchema {
  if (!isStandardSchema(given)) {
    throw new InvalidSchemaError(
      `The schema of the type ${name} does not implement Standard Schema 1; schemas of zod 4, valibot and arktype do.`,
    );
  }
  if (isAsynchronous(given)) {
    throw new InvalidSchemaError(
      `The schema of the type ${name} is asynchronous: a fact that could be written and not read would be lost. Move what is asynchronous to the definition's checkAppend: { schema, checkAppend: async (payload) => … }.`,
    );
  }
  return given;
}

function checkName(type: string): void {
  const problem = nameProblem(type, DEFAULT_LIMITS);
  if (problem === undefined) return;
  throw new InvalidSchemaError(`The name of a type of facts ${problem}.`);
}

function refuseUnknown(given: object, known: readonly string[], subject: string): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new InvalidSchemaError(
    `${subject} has the unknown member ${JSON.stringify(unknown.slice(0, 60))}; known are ${known.join(', ')}.`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
