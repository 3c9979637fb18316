import type { Logger } from '@nestjs/common';
import { messages } from '../messages.js';

/** After bootstrap: long enough for `enableShutdownHooks()` behind `NestFactory.create`. In milliseconds. */
const DELAY = 2_000;

/**
 * Says once that `enableShutdownHooks()` is missing. Nest does not tell, so whether anybody listens to SIGTERM
 * is looked up shortly after bootstrap. Never in tests, and never by listening itself.
 */
export class SignalWatch {
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  start(): void {
    if (isTest()) return;
    this.#timer = setTimeout(() => {
      if (process.listenerCount('SIGTERM') === 0) this.#logger.warn(messages.noShutdownHooks);
    }, DELAY).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function isTest(): boolean {
  const { env } = process;
  return (
    env['NODE_ENV'] === 'test' ||
    env['JEST_WORKER_ID'] !== undefined ||
    env['VITEST'] !== undefined ||
    env['NODE_TEST_CONTEXT'] !== undefined
  );
}
