import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { ownPlace } from './own-place.js';

/**
 * Requires a package that may be missing, from where this package lies or, when it is not found there, from where
 * the program lies: some bundlers keep a path of the machine that they ran on.
 */
export function requireDriver(name: string): unknown {
  try {
    return createRequire(ownPlace)(name);
  } catch (error) {
    const [, program] = process.argv;
    if (program === undefined || !isNotInstalled(error, name)) throw error;
    return createRequire(resolve(program))(name);
  }
}

/** Whether the package itself was not found, as against a package that it needs or a file in it. */
export function isNotInstalled(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return false;
  return new RegExp(`^Cannot find (module|package) '${name}'`).test(String(message));
}

/** Why a package that is installed does not load: the first line of its error's message. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]!.replace(/\.$/, '');
}
