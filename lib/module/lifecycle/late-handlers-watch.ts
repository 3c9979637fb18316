import { Injectable, Logger } from '@nestjs/common';
import { describeError } from '../../support/describe-error.js';
import { worksBehindProxy } from '../../support/behind-proxy.js';
import { ApplicationModules } from '../application-modules.js';
import { FactHandlersRegistrar } from './fact-handlers.registrar.js';
import { messages } from '../messages.js';

/** How often the number of modules is looked at. */
const LOOK_INTERVAL_MS = 1_000;

/**
 * Names the handlers of modules that are loaded lazily, which nothing runs until `FactstrProjections.start()`. Nest
 * does not tell when a module is loaded: from time to time the number of modules is looked at.
 */
@Injectable()
export class LateHandlersWatch {
  readonly #logger = new Logger('FactstrModule');
  readonly #modules: ApplicationModules;
  readonly #registrar: FactHandlersRegistrar;
  #timer: NodeJS.Timeout | undefined;

  constructor(modules: ApplicationModules, registrar: FactHandlersRegistrar) {
    worksBehindProxy(this);
    this.#modules = modules;
    this.#registrar = registrar;
  }

  start(): void {
    let seen = this.#modules.size;
    let looked = seen;
    const named = new Set<string>();
    this.#timer = setInterval(() => {
      const { size } = this.#modules;
      // A module that was just added may still be in the making: it is looked at the next time.
      const isComplete = size === seen;
      seen = size;
      if (!isComplete || size === looked) return;
      looked = size;
      this.#look(named);
    }, LOOK_INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(named: Set<string>): void {
    try {
      const late = this.#registrar.unregistered().filter((label) => !named.has(label));
      if (late.length === 0) return;
      for (const label of late) named.add(label);
      this.#logger.warn(messages.lateHandlers(late));
    } catch (error) {
      this.#logger.warn(messages.badLateHandlers(describeError(error)));
    }
  }
}
