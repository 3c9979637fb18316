import type { FactstrOptions } from '../factstr.options.js';

/** In milliseconds. */
export function shutdownTimeoutOf({ shutdownTimeout = 10_000 }: FactstrOptions): number {
  return shutdownTimeout;
}
