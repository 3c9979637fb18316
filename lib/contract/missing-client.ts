import { isNotInstalled, reasonOf } from '../support/require-driver.js';
import { MissingDriverError } from './errors.js';

/**
 * Why a client whose packages are optional peer dependencies was not loaded. The import itself stands where it is
 * used, with the literal name and inside `try`: a bundler then takes what is installed and goes on where it is not.
 *
 * @param user what needs it, as a sentence begins with it
 * @param packages what is to be installed
 */
export function missingClient(
  user: string,
  packages: readonly string[],
  cause: unknown,
): MissingDriverError {
  const missing = packages.find((name) => isNotInstalled(cause, name));
  return new MissingDriverError(
    missing === undefined
      ? `${user} needs ${packages.map((name) => `"${name}"`).join(', ')}, of which something is installed but does not load: ${reasonOf(cause)}.`
      : `${user} needs the package "${missing}", which is not installed: npm install ${packages.join(' ')}`,
    { cause },
  );
}
