import type { Logger } from '@nestjs/common';
import { messages } from './messages.js';

const COPIES = Symbol.for('nestjs-factstr:copies');

/** The places that this package was loaded from, in this process. */
const copies = ((globalThis as { [COPIES]?: Set<string> })[COPIES] ??= new Set());
copies.add(import.meta.url);

/** Nest can only say that it does not find a `FactstrStore`; this says why. */
export function warnOfCopies(logger: Logger): void {
  if (copies.size > 1) logger.error(messages.duplicatePackage([...copies]));
}
