import type { Logger } from '@nestjs/common';
import { messages } from '../messages.js';

/** After bootstrap: long enough for `enableShutdownHooks()` behind `NestFactory.create`. */
const LOOK_DELAY_MS = 2_000;

/**
 * Says once that `enableShutdownHooks()` is missing. Nest does not tell, so the listeners of SIGTERM are counted
 * shortly after bootstrap. Not in tests, and without a listener of its own.
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
    }, LOOK_DELAY_MS).unref();
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
