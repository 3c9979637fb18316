import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { InvalidOptionsError } from '../contract/errors.js';
import { worksBehindProxy } from '../support/behind-proxy.js';
import { messages } from './messages.js';

/** A module as Nest keeps it. */
export type ApplicationModule = ModulesContainer extends Map<unknown, infer M> ? M : never;

/** A provider or controller as Nest keeps it. */
export type InstanceWrapper =
  ApplicationModule['providers'] extends Map<unknown, infer W> ? W : never;

/** Every module of the application, lazily loaded ones included. */
export class ApplicationModules {
  readonly #modules: ModulesContainer;

  constructor(modules: ModulesContainer) {
    worksBehindProxy(this);
    this.#modules = modules;
  }

  /** Grows when a module is loaded lazily. */
  get size(): number {
    return this.#modules.size;
  }

  all(): ApplicationModule[] {
    return [...this.#modules.values()];
  }
}

/** Nest's own container is absent when the application resolves another copy of `@nestjs/core`. */
export const applicationModulesProvider = {
  provide: ApplicationModules,
  inject: [
    { token: ModulesContainer, optional: true },
    { token: ModuleRef, optional: true },
  ],
  useFactory: (modules?: ModulesContainer, moduleRef?: ModuleRef): ApplicationModules => {
    if (modules === undefined || moduleRef === undefined) {
      throw new InvalidOptionsError(messages.duplicateNest);
    }
    return new ApplicationModules(isMap(modules) ? modules : ofContainer(moduleRef));
  },
};

/** An instance decorator wraps Nest's container too, and a Map's methods fail on a Proxy of it. */
function isMap(modules: ModulesContainer): boolean {
  try {
    Map.prototype.has.call(modules, '');
    return true;
  } catch {
    return false;
  }
}

function ofContainer(moduleRef: ModuleRef): ModulesContainer {
  const { container } = moduleRef as unknown as {
    container: { getModules(): ModulesContainer };
  };
  return container.getModules();
}
