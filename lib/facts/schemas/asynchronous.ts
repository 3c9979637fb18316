import type { StandardSchema } from './standard-schema.js';
import { AsynchronousSchema, validate } from './validate.js';

/** A part of a schema, as its library publishes it. */
type Part = Readonly<Record<string, unknown>>;

/** Parts that are looked at: a schema may make new ones without end. */
const MAX_PARTS = 10_000;

/** Members of zod's definitions by which a value is read. Others are for messages and for the way back. */
const ZOD_PARTS =
  'shape catchall element items rest options keyType valueType left right in out innerType checks'.split(
    ' ',
  );
const ZOD_FUNCTIONS = ['fn', 'transform', 'tx', 'catchValue'];

/** The same of valibot's schemas, and of the items of their pipes. */
const VALIBOT_PARTS = 'pipe wrapped entries rest item items options key value'.split(' ');
const VALIBOT_FUNCTIONS = ['requirement', 'operation'];

/**
 * Whether a schema answers with promises, as far as its library publishes what it is made of, or answers so to values
 * that need not fit.
 */
export function isAsynchronous(schema: StandardSchema): boolean {
  return hasAsynchronousPart(schema) || answersWithPromise(schema);
}

function hasAsynchronousPart(schema: unknown): boolean {
  const seen = new Set<unknown>([schema]);
  // Grows as it is walked.
  for (const part of seen) {
    if (!isPart(part)) continue;
    if (part['async'] === true) return true;
    for (const next of insideOf(part)) {
      if (isAsyncFunction(next)) return true;
      if (seen.size < MAX_PARTS) seen.add(next);
    }
  }
  return false;
}

function insideOf(part: Part): readonly unknown[] {
  const zod = part['_zod'];
  if (isPart(zod) && isPart(zod['def'])) {
    const { def, check } = zod;
    // A promise among the values is awaited, whatever it is of.
    if (def['type'] === 'promise') return [awaits];
    const made = def['type'] === 'lazy' ? [madeBy(def['getter'])] : [];
    return [...members(def, ZOD_PARTS), ...valuesOf(def, ZOD_FUNCTIONS), check, ...made];
  }
  if (typeof part['kind'] !== 'string') return [];
  const { getter } = part;
  // With a parameter the schema depends on the value.
  const made = typeof getter === 'function' && getter.length === 0 ? [madeBy(getter)] : [];
  return [...members(part, VALIBOT_PARTS), ...valuesOf(part, VALIBOT_FUNCTIONS), ...made];
}

const awaits = async (): Promise<void> => {};

/** What stands in members, in lists and in records of such. */
function members(of: Part, names: readonly string[]): readonly unknown[] {
  return valuesOf(of, names).flatMap((value) => {
    if (Array.isArray(value)) return value as unknown[];
    const isRecord = isPart(value) && !('_zod' in value) && !('~standard' in value);
    return isRecord ? valuesOf(value, Object.keys(value)) : [value];
  });
}

function valuesOf(of: Part, names: readonly string[]): readonly unknown[] {
  return names.map((name) => attempted(() => of[name]));
}

/** A schema that refers to itself may not be able to make its parts while it is defined. */
function madeBy(getter: unknown): unknown {
  return attempted(getter as () => unknown);
}

function attempted(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function isPart(value: unknown): value is Part {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

function isAsyncFunction(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object AsyncFunction]';
}

function answersWithPromise(schema: StandardSchema): boolean {
  return [undefined, {}].some((value) => {
    const validated = validate(schema, value);
    return 'thrown' in validated && validated.thrown instanceof AsynchronousSchema;
  });
}
