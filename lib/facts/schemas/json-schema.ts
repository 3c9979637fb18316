import { InvalidSchemaError } from '../../contract/errors.js';
import type { JsonSchemaConverter, StandardSchema } from './standard-schema.js';

/**
 * How schemas are described.
 *
 * @publicApi
 */
export interface JsonSchemaOptions {
  /** The dialect. Default `'draft-2020-12'`; what else a library knows: `'draft-07'`, `'openapi-3.0'`. */
  readonly target?: string | undefined;
  /** What is described: the payloads that are stored (`'input'`, the default), or those that readers get. */
  readonly of?: 'input' | 'output' | undefined;
}

/** @throws InvalidSchemaError where the library does not describe the schema */
export function jsonSchemaOf(
  type: string,
  schema: StandardSchema,
  { target = 'draft-2020-12', of = 'input' }: JsonSchemaOptions = {},
): Record<string, unknown> {
  const converter = converterOf(schema);
  const name = JSON.stringify(type);
  if (converter === undefined) {
    const hint =
      schema['~standard'].vendor === 'valibot'
        ? ' Define it with one that does: { ...schema, ...toStandardJsonSchema(schema) }, of @valibot/to-json-schema.'
        : ' Define it with a schema of a library that does.';
    throw new InvalidSchemaError(
      `The schema of the type ${name} does not describe itself as JSON Schema.${hint}`,
    );
  }
  try {
    return describe(converter, of, target);
  } catch (cause) {
    throw new InvalidSchemaError(
      `The schema of the type ${name} (${of}) cannot be described as JSON Schema (${target}): it has parts that JSON Schema, or its library, does not know.`,
      { cause },
    );
  }
}

/** An object that stands for a schema that is a function: Nest and OpenAPI take objects only. */
export function asObject(schema: StandardSchema): StandardSchema {
  const converter = converterOf(schema);
  if (converter === undefined) return { '~standard': schema['~standard'] };
  const jsonSchema: JsonSchemaConverter = {
    input: ({ target }) => describe(converter, 'input', target),
    output: ({ target }) => describe(converter, 'output', target),
  };
  return { '~standard': { ...schema['~standard'], jsonSchema } as StandardSchema['~standard'] };
}

function converterOf(schema: StandardSchema): JsonSchemaConverter | undefined {
  const { jsonSchema } = schema['~standard'] as {
    readonly jsonSchema?: Partial<JsonSchemaConverter>;
  };
  const complete =
    typeof jsonSchema?.input === 'function' && typeof jsonSchema.output === 'function';
  return complete ? (jsonSchema as JsonSchemaConverter) : undefined;
}

/** OpenAPI 3.0 asks for a dialect that some libraries (arktype) do not have; the nearest one is draft 7. */
function describe(
  converter: JsonSchemaConverter,
  of: 'input' | 'output',
  target: string,
): Record<string, unknown> {
  try {
    return converter[of]({ target });
  } catch (error) {
    if (target !== 'openapi-3.0') throw error;
    const { $schema: _, ...described } = converter[of]({ target: 'draft-07' });
    return described;
  }
}
