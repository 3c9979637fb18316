import { ModulesContainer } from '@nestjs/core';
import { InvalidOptionsError } from '../contract/errors.js';
import { messages } from './messages.js';

/** Every module of the application, as Nest keeps them. */
export const APPLICATION_MODULES = 'nestjs-factstr:application-modules';

/** Nest's own container is absent when the application resolves another copy of `@nestjs/core`. */
export const applicationModulesProvider = {
  provide: APPLICATION_MODULES,
  inject: [{ token: ModulesContainer, optional: true }],
  useFactory: (modules?: ModulesContainer): ModulesContainer => {
    if (modules === undefined) throw new InvalidOptionsError(messages.duplicateNest);
    return modules;
  },
};
