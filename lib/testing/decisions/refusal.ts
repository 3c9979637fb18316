import { ModelFailedError } from '../../contract/errors.js';
import { SpecificationError } from '../text/specification-error.js';
import { differences, shown } from '../text/shown.js';

/**
 * What a decision is expected to refuse with: the error's class, a part of its message, members of it (`{ code }`), or
 * a function that returns `false`, or throws, for another error.
 *
 * @publicApi
 */
export type RefusalMatcher =
  | (abstract new (...args: never[]) => Error)
  | RegExp
  | string
  | { readonly [member: string]: unknown }
  | ((error: unknown) => boolean | void);

/** @throws SpecificationError where the error is another one than expected */
export function checkRefusal(error: unknown, expected: RefusalMatcher): void {
  const problem = problemWith(error, expected);
  if (problem === undefined) return;
  throw new SpecificationError(`The decision refused otherwise than expected: ${problem}`, {
    cause: error,
  });
}

function problemWith(error: unknown, expected: RefusalMatcher): string | undefined {
  const told = shownError(error);
  if (typeof expected === 'string' || expected instanceof RegExp) {
    const message = error instanceof Error ? error.message : String(error);
    const fits = typeof expected === 'string' ? message.includes(expected) : expected.test(message);
    return fits ? undefined : `expected a message with ${shown(expected)}, was ${told}`;
  }
  if (isErrorClass(expected)) {
    return error instanceof expected ? undefined : `expected ${expected.name}, was ${told}`;
  }
  if (typeof expected === 'function') {
    return expected(error) === false ? `the function given returned false for ${told}` : undefined;
  }
  const members = Object.fromEntries(
    Object.keys(expected).map((key) => [key, (error as Record<string, unknown> | null)?.[key]]),
  );
  const places = differences({ ...expected }, members);
  return places.length === 0 ? undefined : `${places.join('; ')}, of ${told}`;
}

/** Whether a model that fails is expected, as against any error that looks like it. */
export function namesModelFailure(expected: RefusalMatcher | undefined): boolean {
  if (expected === ModelFailedError) return true;
  return typeof expected === 'object' && 'code' in expected && expected['code'] === MODEL_FAILED;
}

const MODEL_FAILED: ModelFailedError['code'] = 'MODEL_FAILED';

/** An error's class and message. */
export function shownError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : `the thrown ${shown(error)}`;
}

function isErrorClass(
  matcher: RefusalMatcher,
): matcher is abstract new (...args: never[]) => Error {
  return (
    typeof matcher === 'function' &&
    (matcher === Error || (matcher as { prototype?: unknown }).prototype instanceof Error)
  );
}
