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
  const { jsonSchema, vendor } = schema['~standard'] as StandardSchema['~standard'] & {
    readonly jsonSchema?: Partial<JsonSchemaConverter>;
  };
  const name = JSON.stringify(type);
  if (typeof jsonSchema?.[of] !== 'function') {
    const hint =
      vendor === 'valibot'
        ? ' Define it with one that does: { ...schema, ...toStandardJsonSchema(schema) }, of @valibot/to-json-schema.'
        : ' Define it with a schema of a library that does.';
    throw new InvalidSchemaError(
      `The schema of the type ${name} does not describe itself as JSON Schema.${hint}`,
    );
  }
  try {
    return jsonSchema[of]({ target });
  } catch (cause) {
    throw new InvalidSchemaError(
      `The schema of the type ${name} (${of}) cannot be described as JSON Schema (${target}): it has parts that JSON Schema does not know.`,
      { cause },
    );
  }
}
