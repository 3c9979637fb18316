// Standard Schema 1 (https://standardschema.dev), as far as it is used here. The interfaces are structural and meant
// to be copied: what implements the published ones fits, and no package is needed at run time or to compile.

/**
 * A schema of any library that implements Standard Schema: zod, valibot, arktype and others.
 *
 * @publicApi
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardSchemaProps<Input, Output>;
}

/** @publicApi */
export interface StandardSchemaProps<Input = unknown, Output = Input> {
  readonly version: 1;
  /** The library's name. */
  readonly vendor: string;
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  readonly validate: (
    value: unknown,
    options?: { readonly libraryOptions?: Record<string, unknown> | undefined },
  ) => StandardResult<Output> | Promise<StandardResult<Output>>;
}

/** @publicApi */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** @publicApi */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The type that a schema validates.
 *
 * @publicApi
 */
export type SchemaInput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];

/**
 * The type that a schema makes of it.
 *
 * @publicApi
 */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];

/** What a library adds that describes its schemas as JSON Schema (Standard JSON Schema 1). */
export interface JsonSchemaConverter {
  input(options: { readonly target: string }): Record<string, unknown>;
  output(options: { readonly target: string }): Record<string, unknown>;
}

/** Whether a value implements Standard Schema 1. Some libraries' schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const { '~standard': props } = value as { '~standard'?: Partial<StandardSchemaProps> };
  return props?.version === 1 && typeof props.validate === 'function';
}
