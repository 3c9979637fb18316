import { InvalidSchemaError } from '../../contract/errors.js';
import type { FactCodec } from '../../contract/fact-codec.js';
import { isInstance } from '../../support/describe-error.js';
import type { FactInput, SchemaPayload } from '../fact-map.js';
import { FactFilter } from '../fact-query.js';
import { readDefinitions } from './definitions.js';
import type { DefinedFact, FactDefinition } from './definitions.js';
import { asObject, jsonSchemaOf } from './json-schema.js';
import type { JsonSchemaOptions } from './json-schema.js';
import { Registry } from './registry.js';
import { SchemaCodec } from './schema-codec.js';
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.js';

/**
 * A schema for each type of facts.
 *
 * @publicApi
 */
export type SchemasByType = { readonly [type: string]: StandardSchema };

/**
 * A schema as it can be handed to Nest's `@Body({ schema })` and to OpenAPI: the library's own, or an object that
 * stands for it where the library's schemas are functions (arktype).
 *
 * @publicApi
 */
export type UsableSchema<S extends StandardSchema> = S extends (...given: never[]) => unknown
  ? StandardSchema<SchemaInput<S>, SchemaOutput<S>>
  : S;

/**
 * Types of facts with their schemas, as `defineFacts` makes them.
 *
 * @publicApi
 */
export interface FactSchemas {
  /** The schema of each type. */
  readonly schemas: { readonly [type: string]: StandardSchema };
  /** The types, in the order of their definition. */
  readonly types: readonly string[];
}

/**
 * The facts of `defineFacts`, for `FactMap` or for a named store:
 * ```ts
 * declare module 'nestjs-factstr' {
 *   interface FactMap extends FactsOf<typeof courseFacts> {}
 * }
 *
 * constructor(@InjectFactstrStore('audit') private readonly audit: FactstrStore<FactsOf<typeof auditFacts>>) {}
 * ```
 *
 * @publicApi
 */
export type FactsOf<F extends FactSchemas> = F extends DefinedFacts<infer S> ? FactsIn<S> : never;

/** The facts of schemas. */
type FactsIn<S extends SchemasByType> = {
  readonly [T in keyof S]: SchemaPayload<SchemaInput<S[T]>, SchemaOutput<S[T]>>;
};

/**
 * What `defineFacts` returns: schemas that know their types, and facts and filters that are typed by them.
 *
 * @publicApi
 */
export class DefinedFacts<S extends SchemasByType> implements FactSchemas {
  /** The schema of each type, for `@Body({ schema: courseFacts.schemas['course-defined'] })`. */
  readonly schemas: { readonly [T in keyof S]: UsableSchema<S[T]> };
  /** @internal */
  readonly defined: ReadonlyMap<string, DefinedFact>;

  /** @internal */
  constructor(defined: ReadonlyMap<string, DefinedFact>) {
    this.defined = defined;
    const schemas = [...defined].map(([type, { schema }]) => [
      type,
      typeof schema === 'function' ? asObject(schema) : schema,
    ]);
    this.schemas = Object.freeze(Object.fromEntries(schemas)) as typeof this.schemas;
  }

  /** The types, in the order of their definition. */
  get types(): readonly (keyof S & string)[] {
    return [...this.defined.keys()];
  }

  /** A fact of one of these types to append; its payload is the schema's input. */
  fact<const T extends keyof S & string>(
    event_type: T,
    payload: SchemaInput<S[T]>,
  ): { event_type: T; payload: FactInput<T, FactsIn<S>> } {
    return { event_type, payload } as { event_type: T; payload: FactInput<T, FactsIn<S>> };
  }

  /** Facts of the given types, for `factQuery`; of all these types when none is given. */
  facts<const T extends keyof S & string>(...types: T[]): FactFilter<T, FactsIn<S>> {
    return new FactFilter(types.length === 0 ? [...this.types] : types, null);
  }

  /**
   * JSON schemas of all types, by type: for OpenAPI, or for services in other languages.
   *
   * @throws InvalidSchemaError that names the type whose library does not describe it
   */
  jsonSchemas(options?: JsonSchemaOptions): { [T in keyof S & string]: Record<string, unknown> } {
    const described = [...this.defined].map(([type, { schema }]) => [
      type,
      jsonSchemaOf(type, schema, options),
    ]);
    return Object.fromEntries(described) as { [T in keyof S & string]: Record<string, unknown> };
  }
}

/**
 * Defines the facts of an application, or of one store, by a schema for each type:
 * ```ts
 * export const courseFacts = defineFacts({
 *   'course-defined': z.object({ course_id: z.string(), title: z.string(), capacity: z.int().default(20) }),
 *   'student-enrolled.v2': { schema: EnrolledV2, from: { 'student-enrolled': { up: (old) => ({ … }), where: … } } },
 * });
 * ```
 * Schemas are of any library that implements Standard Schema (zod, valibot, arktype). The log stores what was appended,
 * as JSON; readers get what the schema makes of it: defaults, coercions and upcasts apply when facts are read. The
 * module's option `facts`, and that of a bare store, takes the result.
 *
 * @throws InvalidSchemaError
 */
export function defineFacts<S extends SchemasByType>(definitions: {
  readonly [T in keyof S]: S[T] | FactDefinition<S[T]>;
}): DefinedFacts<S> {
  const defined = readDefinitions(definitions);
  // What one set says twice is refused here, what several say when they are given to a store.
  void new Registry([defined]);
  return new DefinedFacts<S>(defined);
}

/**
 * What stands between a store and its readers, for the option `facts`.
 *
 * @throws InvalidSchemaError
 */
export function codecOf(
  facts: FactSchemas | readonly FactSchemas[] | undefined,
): FactCodec | undefined {
  if (facts === undefined) return undefined;
  const sets: readonly unknown[] = Array.isArray(facts) ? facts : [facts];
  const defined = sets.map((one) => {
    if (isInstance(one, DefinedFacts)) return one.defined;
    throw new InvalidSchemaError(
      'The option facts takes what defineFacts returned, or several of those.',
    );
  });
  return defined.length === 0 ? undefined : new SchemaCodec(new Registry(defined));
}
