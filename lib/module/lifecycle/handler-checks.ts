import { InvalidOptionsError } from '../../contract/errors.js';
import { prepareQuery, prepareStreamName } from '../../contract/validation.js';
import { describeError } from '../../support/describe-error.js';
import { limitsOf, logOf } from '../../streams/store-face.js';
import type { FactHandler } from '../handlers/fact-handler.js';
import { DEFAULT_STORE } from '../factstr.tokens.js';
import { messages } from '../messages.js';
import type { OpenStore } from '../stores/stores.registry.js';
import { checkProjectionOptions, needsLog } from '../projections/projection-checks.js';
import { cursorName } from '../../cursors/cursor-name.js';

/**
 * Refuses what the store would refuse, here where the method is known, before any handler runs.
 *
 * @throws InvalidOptionsError naming the handler
 */
export function checkHandlers(handlers: readonly FactHandler[], store: OpenStore): void {
  const limits = limitsOf(store.raw, store.options.limits);
  for (const { label, metadata } of handlers) {
    try {
      prepareQuery(metadata.query, limits);
      if (metadata.kind === 'live') continue;
      checkProjectionOptions(metadata.options);
      prepareStreamName({ name: cursorName(metadata.options) }, limits);
    } catch (cause) {
      throw new InvalidOptionsError(messages.badHandler(label, describeError(cause)), { cause });
    }
    const option = logOf(store.raw) === undefined ? needsLog(metadata.options) : undefined;
    if (option !== undefined) {
      throw new InvalidOptionsError(messages.needsLog(label, option, store.name));
    }
  }
}

/** @throws InvalidOptionsError when two projections share a cursor */
export function checkProjectionNames(handlers: readonly FactHandler[]): void {
  const first = new Map<string, FactHandler>();
  for (const handler of handlers) {
    const { metadata } = handler;
    if (metadata.kind !== 'durable') continue;
    const store = metadata.store ?? DEFAULT_STORE;
    const name = cursorName(metadata.options);
    const identity = JSON.stringify([store, name]);
    const other = first.get(identity);
    if (other !== undefined) {
      throw new InvalidOptionsError(messages.duplicateProjection(name, store, other, handler));
    }
    first.set(identity, handler);
  }
}
