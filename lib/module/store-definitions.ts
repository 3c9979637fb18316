import { Inject, Injectable } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { InvalidOptionsError } from '../contract/errors.js';
import { APPLICATION_MODULES } from './application-modules.js';
import { messages } from './messages.js';

/** Every `FactstrModule` registration provides its store's name under this token. */
export const STORE_DEFINITION = 'nestjs-factstr:store-definition';

/**
 * The stores that the application's modules define, whether or not their factories ran: a store overridden in a
 * test is a defined one.
 */
@Injectable()
export class StoreDefinitions {
  readonly #modules: ModulesContainer;

  constructor(@Inject(APPLICATION_MODULES) modules: ModulesContainer) {
    this.#modules = modules;
  }

  names(): string[] {
    const names: string[] = [];
    for (const module of this.#modules.values()) {
      const name = module.providers.get(STORE_DEFINITION)?.instance as string | undefined;
      if (name !== undefined) names.push(name);
    }
    return names;
  }

  /** @throws InvalidOptionsError when two registrations have one name */
  check(): void {
    const names = this.names();
    const duplicate = names.find((name, index) => names.indexOf(name) !== index);
    if (duplicate !== undefined) throw new InvalidOptionsError(messages.duplicateStore(duplicate));
  }
}
