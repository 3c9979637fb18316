import { Injectable } from '@nestjs/common';
import { InvalidOptionsError } from '../../contract/errors.js';
import { worksBehindProxy } from '../../support/behind-proxy.js';
import { ApplicationModules } from '../application-modules.js';
import { getFactstrStoreToken } from '../factstr.tokens.js';
import { messages } from '../messages.js';
import { scopedChain } from './scoped-dependency.js';

/** Every `FactstrModule` registration provides its store's name under this token. */
export const STORE_DEFINITION = 'nestjs-factstr:store-definition';

/** Every `FactstrModule` registration provides its store's options under this token. */
export const STORE_OPTIONS = 'nestjs-factstr:options';

/**
 * The stores that the application's modules define, whether or not their factories ran: a store overridden in a
 * test is a defined one.
 */
@Injectable()
export class StoreDefinitions {
  readonly #modules: ApplicationModules;

  constructor(modules: ApplicationModules) {
    worksBehindProxy(this);
    this.#modules = modules;
  }

  names(): string[] {
    const names: string[] = [];
    for (const module of this.#modules.all()) {
      const name = module.providers.get(STORE_DEFINITION)?.instance as string | undefined;
      if (name !== undefined) names.push(name);
    }
    return names;
  }

  /**
   * @throws InvalidOptionsError when a store's options depend on the request, so that it would be opened for each:
   * of every store that is not overridden, or of the named one
   */
  checkScopes(name?: string): void {
    for (const { providers } of this.#modules.all()) {
      const defined = providers.get(STORE_DEFINITION)?.instance as string | undefined;
      if (defined === undefined || (name !== undefined && name !== defined)) continue;
      const store = providers.get(getFactstrStoreToken(defined));
      if (store?.inject?.includes(STORE_OPTIONS) !== true) continue;
      const chain = scopedChain(providers.get(STORE_OPTIONS)!);
      if (chain === undefined) continue;
      throw new InvalidOptionsError(messages.scopedOptions(defined, chain));
    }
  }

  /** @throws InvalidOptionsError when two registrations have one name */
  check(): void {
    const names = this.names();
    const duplicate = names.find((name, index) => names.indexOf(name) !== index);
    if (duplicate !== undefined) throw new InvalidOptionsError(messages.duplicateStore(duplicate));
  }
}
