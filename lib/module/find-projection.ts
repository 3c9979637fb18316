import { InvalidOptionsError } from '../contract/errors.js';
import { storableText } from '../support/storable-text.js';
import { DEFAULT_STORE } from './factstr.tokens.js';
import type { RegisteredProjection } from './projections/registered-projection.js';
import { checkProjectionName } from './projections/verb-arguments.js';

/** Characters of an unknown name that a message shows. */
const MAX_SHOWN_CHARS = 80;

/**
 * The projection that a verb means.
 *
 * @throws InvalidOptionsError when no such projection is registered
 */
export function findProjection(
  projections: readonly RegisteredProjection[],
  name: string,
  selector: { readonly store?: string | undefined; readonly version?: number | undefined },
): RegisteredProjection {
  checkProjectionName(name);
  const { store = DEFAULT_STORE, version } = selector;
  const found = projections
    .filter(
      (projection) =>
        projection.name === name &&
        projection.storeName === store &&
        (version === undefined || projection.version === version),
    )
    .sort((a, b) => b.version - a.version)[0];
  if (found !== undefined) return found;
  const known = projections.map((projection) => `"${projection.name}"`).join(', ');
  throw new InvalidOptionsError(
    `No projection ${JSON.stringify(storableText(name, MAX_SHOWN_CHARS))}${version === undefined ? '' : ` of version ${version}`} of store ${JSON.stringify(storableText(store, MAX_SHOWN_CHARS))} is registered (registered: ${known || 'none'}).`,
  );
}
