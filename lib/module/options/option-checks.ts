import { InvalidOptionsError } from '../../contract/errors.js';
import { requireWhole } from '../../contract/numbers.js';
import type { FactstrCommonOptions, FactstrOptions } from '../factstr.options.js';
import { unknownOption } from './known-options.js';
import { messages } from '../messages.js';

/**
 * Checks what the module itself reads; the stores check their own options.
 *
 * @throws InvalidOptionsError
 */
export function checkOptions(options: FactstrOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(messages.noOptions(kindOf(options)));
  }
  requireWhole(options, 'maxAttempts', 1);
  requireWhole(options, 'timeout', 1);
  requireWhole(options, 'shutdownTimeout', 0);
  checkHandlers(options.handlers);
  if (options.around !== undefined && typeof options.around !== 'function') {
    throw new InvalidOptionsError(messages.badAround);
  }
  switch (options.provider) {
    case 'memory':
    case 'custom':
      break;
    case 'sqlite':
      requireText(options.path, 'path', 'sqlite');
      break;
    case 'postgres':
      requireText(options.url, 'url', 'postgres');
      requireWhole(options, 'retryAttempts', 0);
      requireWhole(options, 'retryDelay', 0);
      break;
    default:
      throw new InvalidOptionsError(
        messages.unknownProvider(shown((options as { provider?: unknown }).provider)),
      );
  }
  for (const extra of ['name', 'isGlobal']) {
    if ((options as unknown as Record<string, unknown>)[extra] !== undefined) {
      throw new InvalidOptionsError(messages.outsideFactory(extra));
    }
  }
  // A misspelt option would be ignored silently.
  const unknown = unknownOption(options);
  if (unknown !== undefined) {
    throw new InvalidOptionsError(
      messages.unknownOption(options.provider, unknown.name, unknown.known),
    );
  }
}

/** A value's kind instead of the value: a URL that was passed by mistake holds a password. */
function kindOf(value: unknown): string {
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}

/** Shows a short word, which may be misspelt; anything else may be a secret. */
function shown(value: unknown): string {
  return typeof value === 'string' && /^\w{0,20}$/.test(value)
    ? JSON.stringify(value)
    : kindOf(value);
}

function checkHandlers(handlers: FactstrCommonOptions['handlers']): void {
  if (handlers === undefined || typeof handlers === 'boolean') return;
  const { live, durable } = handlers ?? {};
  const kinds = typeof handlers === 'object' && handlers !== null;
  if (kinds && [live, durable].every((kind) => ['boolean', 'undefined'].includes(typeof kind))) {
    return;
  }
  throw new InvalidOptionsError(messages.badHandlers);
}

function requireText(value: unknown, option: string, provider: string): void {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidOptionsError(messages.missingOption(provider, option));
  }
}
