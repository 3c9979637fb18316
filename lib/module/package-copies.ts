import { ownPlace } from '../support/own-place.js';
import { messages } from './messages.js';

const COPIES = Symbol.for('nestjs-factstr:copies');

/**
 * Warns when this package was loaded from another place already. Nest only reports that it does not find a
 * `FactstrStore`, before any provider of this package runs: the warning says why.
 */
export function noteCopy(): void {
  const copies = ((globalThis as { [COPIES]?: Set<string> })[COPIES] ??= new Set());
  const place = ownPlace.replace(/[?#].*$/, '');
  if (copies.has(place)) return;
  copies.add(place);
  if (copies.size > 1) process.emitWarning(messages.duplicatePackage([...copies]));
}
