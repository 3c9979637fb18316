import { ANY, SCALAR, arrayOf, changed, severalOf, objectOf, recordOf, supplied } from './shape.js';
import type { Shape } from './shape.js';

/** What `schema._zod.def` has, as far as it is read here. Public, for libraries: https://zod.dev/library-authors */
interface ZodDef {
  readonly type?: string;
  readonly check?: string;
  readonly format?: string;
  readonly fn?: unknown;
  readonly coerce?: boolean;
  readonly checks?: readonly unknown[];
  readonly transform?: unknown;
  readonly innerType?: unknown;
  readonly shape?: object;
  readonly catchall?: unknown;
  readonly element?: unknown;
  readonly items?: readonly unknown[];
  readonly rest?: unknown;
  readonly options?: readonly unknown[];
  readonly keyType?: unknown;
  readonly valueType?: unknown;
  readonly values?: readonly unknown[];
  readonly entries?: object;
  readonly left?: unknown;
  readonly right?: unknown;
  readonly in?: unknown;
  readonly out?: unknown;
  readonly getter?: () => unknown;
}

/** Checks that leave a value as it is. */
const PURE_CHECKS = new Set([
  'less_than',
  'greater_than',
  'multiple_of',
  'number_format',
  'bigint_format',
  'max_size',
  'min_size',
  'size_equals',
  'max_length',
  'min_length',
  'length_equals',
  'property',
  'mime_type',
]);

/** Formats of strings that leave them as they are; `url` trims. */
const PURE_FORMATS = new Set(
  (
    'email emoji uuid guid nanoid cuid cuid2 ulid xid ksuid datetime date time duration ipv4 ipv6 mac cidrv4 cidrv6 ' +
    'base64 base64url json_string e164 credit_card iban lowercase uppercase regex jwt starts_with ends_with includes'
  ).split(' '),
);

export function isZod(schema: unknown): boolean {
  return defOf(schema)?.type !== undefined;
}

export function zodShape(schema: unknown): Shape {
  const def = defOf(schema);
  if (def === undefined) return changed('something that is no zod schema');
  const by = changeOf(def);
  return by === undefined ? typeShape(def) : changed(by, () => typeShape(def));
}

function defOf(schema: unknown): ZodDef | undefined {
  return (schema as { _zod?: { def?: ZodDef } } | null | undefined)?._zod?.def;
}

/** What among a schema's checks may change the value. */
function changeOf(def: ZodDef): string | undefined {
  if (def.coerce === true) return 'a coercion';
  const checks = def.check === undefined || def.type === 'custom' ? [] : [def];
  for (const check of [...checks, ...(def.checks ?? []).map(defOf)]) {
    const { check: kind = '', format = '', fn } = check ?? {};
    if (PURE_CHECKS.has(kind)) continue;
    if (kind === 'string_format' && PURE_FORMATS.has(format)) continue;
    // `refine` has its function here. `superRefine` and `check` do not, and may assign a value.
    if (kind === 'custom' && typeof fn === 'function') continue;
    if (kind === 'string_format') return `the format ${format}, which trims`;
    return kind === 'overwrite'
      ? 'a transformation (trim, toLowerCase, overwrite)'
      : 'a check that can change it (superRefine, check)';
  }
  return undefined;
}

function typeShape(def: ZodDef): Shape {
  switch (def.type) {
    case 'any':
    case 'unknown':
    case 'custom':
      return ANY;
    case 'literal':
      return { kind: 'scalar', only: def.values };
    case 'enum':
      return { kind: 'scalar', only: Object.values(def.entries ?? {}) };
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
    case 'template_literal':
    case 'int':
    // Those below no stored value fits: nothing is read of them.
    case 'bigint':
    case 'date':
    case 'file':
    case 'map':
    case 'nan':
    case 'never':
    case 'set':
    case 'symbol':
    case 'undefined':
    case 'void':
      return SCALAR;
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'readonly':
      return zodShape(def.innerType);
    case 'object': {
      const { catchall } = def;
      const rest = (): Shape | undefined =>
        catchall === undefined || defOf(catchall)?.type === 'never'
          ? undefined
          : zodShape(catchall);
      return objectOf(def.shape ?? {}, zodShape, rest);
    }
    case 'record':
      return recordOf(zodShape(def.keyType), () => zodShape(def.valueType));
    case 'array':
      return arrayOf(zodShape, [def.element]);
    case 'tuple':
      return arrayOf(zodShape, [...(def.items ?? []), ...(def.rest == null ? [] : [def.rest])]);
    case 'union':
      return severalOf('either', zodShape, def.options ?? []);
    case 'intersection':
      return severalOf('merged', zodShape, [def.left, def.right]);
    case 'lazy':
      return severalOf('either', zodShape, [def.getter?.()]);
    case 'pipe':
      if (def.transform === undefined) return severalOf('chain', zodShape, [def.in, def.out]);
      return changed('a codec', () => zodShape(def.in));
    case 'default':
      return supplied('a default');
    case 'prefault':
      return supplied('a prefault');
    case 'catch':
      return supplied('a catch');
    case 'transform':
      return changed('a transformation', () => ANY);
    default:
      return changed(`a schema of type ${def.type}`);
  }
}
