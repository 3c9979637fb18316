import { ANY, SCALAR, arrayOf, changed, severalOf, objectOf, recordOf, supplied } from './shape.js';
import type { Shape } from './shape.js';

/** The members of a valibot schema, or of an item of its pipe, as far as they are read here. All are public. */
interface Valibot {
  readonly kind?: string;
  readonly type?: string;
  readonly pipe?: readonly Valibot[];
  readonly fallback?: unknown;
  readonly default?: unknown;
  readonly wrapped?: unknown;
  readonly entries?: object;
  readonly rest?: unknown;
  readonly item?: unknown;
  readonly items?: readonly unknown[];
  readonly options?: readonly unknown[];
  readonly key?: unknown;
  readonly value?: unknown;
  readonly literal?: unknown;
  readonly getter?: (...given: unknown[]) => unknown;
}

/** Items of a pipe that are called transformations and change the type only. */
const TYPE_ONLY = new Set(['brand', 'flavor', 'readonly']);

export function isValibot(schema: unknown): boolean {
  return (schema as Valibot).kind === 'schema';
}

export function valibotShape(given: unknown): Shape {
  const schema = given as Valibot;
  if (Object.hasOwn(schema, 'fallback')) return supplied('a fallback');
  const { pipe } = schema;
  if (pipe === undefined) return typeShape(schema);
  const schemas = pipe.filter(({ kind }) => kind === 'schema');
  const before = (): Shape => severalOf('chain', valibotShape, schemas);
  const change = pipe.find(
    ({ kind, type = '' }) =>
      !['schema', 'validation', 'metadata'].includes(kind ?? '') && !TYPE_ONLY.has(type),
  );
  if (change === undefined) return before();
  return changed(`a transformation (${change.type})`, () => valibotShape(pipe[0]));
}

function typeShape(schema: Valibot): Shape {
  const { type, entries = {}, items = [], options = [] } = schema;
  switch (type) {
    case 'any':
    case 'unknown':
    case 'custom':
      return ANY;
    case 'literal':
      return { kind: 'scalar', only: [schema.literal] };
    case 'picklist':
    case 'enum':
      return { kind: 'scalar', only: options };
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
    // Those below no stored value fits: nothing is read of them.
    case 'bigint':
    case 'blob':
    case 'date':
    case 'file':
    case 'instance':
    case 'map':
    case 'nan':
    case 'never':
    case 'set':
    case 'symbol':
    case 'undefined':
    case 'void':
      return SCALAR;
    case 'optional':
    case 'exact_optional':
    case 'undefinedable':
    case 'nullable':
    case 'nullish':
      if (schema.default !== undefined) return supplied('a default');
      return valibotShape(schema.wrapped);
    case 'non_optional':
    case 'non_nullable':
    case 'non_nullish':
      return valibotShape(schema.wrapped);
    case 'object':
    case 'strict_object':
      return objectOf(entries, valibotShape);
    case 'loose_object':
      return objectOf(entries, valibotShape, () => ANY);
    case 'object_with_rest':
      return objectOf(entries, valibotShape, () => valibotShape(schema.rest));
    case 'record':
      return recordOf(valibotShape(schema.key), () => valibotShape(schema.value));
    case 'array':
      return arrayOf(valibotShape, [schema.item]);
    case 'tuple':
      return changed('a tuple that drops further elements');
    case 'strict_tuple':
      return arrayOf(valibotShape, items);
    case 'loose_tuple':
      return { kind: 'array', elements: () => [...items.map(valibotShape), ANY] };
    case 'tuple_with_rest':
      return arrayOf(valibotShape, [...items, schema.rest]);
    case 'union':
    case 'variant':
      return severalOf('either', valibotShape, options);
    case 'intersect':
      return severalOf('merged', valibotShape, options);
    case 'lazy':
      // With a parameter the schema depends on the value.
      if (schema.getter === undefined || schema.getter.length > 0) {
        return changed('a schema that depends on the value (lazy)');
      }
      return { kind: 'either', options: () => [valibotShape(schema.getter!(undefined))] };
    default:
      return changed(`a schema of type ${type}`);
  }
}
