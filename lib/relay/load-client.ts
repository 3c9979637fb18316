import { MissingDriverError } from '../contract/errors.js';
import { isNotInstalled, reasonOf } from '../support/require-driver.js';

/**
 * Loads a target's client, whose package is an optional peer dependency, at the first use.
 *
 * @param load imports the package by its literal name, so that bundlers see it
 * @throws MissingDriverError
 */
export async function loadClient<T>(
  target: string,
  name: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new MissingDriverError(
      isNotInstalled(cause, name)
        ? `The ${target} target needs the package "${name}", which is not installed: npm install ${name}`
        : `The package "${name}" is installed but does not load: ${reasonOf(cause)}.`,
      { cause },
    );
  }
}
