import { printPath } from '../../contract/json-value.js';
import { isThenable } from '../../support/async/is-thenable.js';
import type { StandardIssue, StandardSchema } from './standard-schema.js';

/** What a schema says of a value. */
export type Validated =
  | { readonly value: unknown }
  /** It does not fit; `paths` is where, ten places at most, and `text` says so in words of our own. */
  | { readonly paths: readonly string[]; readonly text: string }
  /** The library, or a function in the schema, threw. */
  | { readonly thrown: unknown };

/** Places that an error lists. */
const MAX_PATHS = 10;

/** Thrown where a schema answers with a promise. */
export class AsynchronousSchema extends Error {
  constructor() {
    super('The schema is asynchronous, or a function in it threw.');
  }
}

/**
 * Validates a value, which the schema may change in place. What a library says of a value is never handed on: it may
 * quote the value.
 */
export function validate(schema: StandardSchema, value: unknown): Validated {
  let result: ReturnType<StandardSchema['~standard']['validate']>;
  try {
    result = schema['~standard'].validate(value);
  } catch (thrown) {
    return { thrown };
  }
  if (isThenable(result)) return { thrown: promised(schema, value, result) };
  // Any falsy value says that it fits.
  const { issues } = result;
  if (!issues) return { value: (result as { value: unknown }).value };
  const paths = [...new Set(issues.map(pathOf))];
  const [first = '$'] = paths;
  const missing = isMissing(value, issues[0]);
  const more = paths.length > 1 ? `, and ${paths.length - 1} more` : '';
  return {
    paths: paths.slice(0, MAX_PATHS),
    text: `${first} ${missing ? 'is missing' : 'is not as it says'}${more}`,
  };
}

/** zod answers with a promise also where a function of the schema threw. */
function promised(schema: StandardSchema, value: unknown, result: Promise<unknown>): unknown {
  result.then(undefined, () => undefined);
  const run = (schema as { _zod?: { run?: unknown } })._zod?.run;
  if (typeof run !== 'function') return new AsynchronousSchema();
  try {
    const again: unknown = run({ value, issues: [] }, { async: false });
    if (isThenable(again)) again.then(undefined, () => undefined);
    return new AsynchronousSchema();
  } catch (thrown) {
    const name = (thrown as { constructor?: { name?: string } } | undefined)?.constructor?.name;
    return name === '$ZodAsyncError' ? new AsynchronousSchema() : thrown;
  }
}

function pathOf({ path = [] }: StandardIssue): string {
  return printPath(stepsOf(path));
}

function stepsOf(path: NonNullable<StandardIssue['path']>): (string | number)[] {
  return Array.from(path, (step) => {
    const key = typeof step === 'object' ? step.key : step;
    return typeof key === 'symbol' ? String(key) : key;
  });
}

function isMissing(value: unknown, issue: StandardIssue | undefined): boolean {
  const steps = stepsOf(issue?.path ?? []);
  let at = value;
  for (const step of steps) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return true;
    at = (at as Record<string, unknown>)[step];
  }
  return false;
}
