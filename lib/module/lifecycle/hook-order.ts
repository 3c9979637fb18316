import type { ApplicationModules } from '../application-modules.js';

/**
 * Nest calls bootstrap hooks by falling distance and shutdown hooks by rising distance; global modules have the
 * largest number there is and otherwise follow the order of imports. Live handlers are to be registered before
 * any module appends in its `onApplicationBootstrap`, the stores are to close after every other module's last
 * append, and handlers are to drain before a module disconnects in its `onModuleDestroy`, wherever it was
 * imported.
 */
export function orderHooks(modules: ApplicationModules, core: unknown, drain: unknown): void {
  for (const module of modules.all()) {
    if (module.metatype === core) module.distance = Infinity;
    if (module.metatype === drain) module.distance = -Infinity;
  }
}

/**
 * Whether a module was loaded by `LazyModuleLoader`, so that Nest calls no hooks of it: it measures the distance of
 * modules that the application imports, before it makes anything, and leaves that of others at zero.
 */
export function isLoadedLazily(modules: ApplicationModules, metatype: unknown): boolean {
  return modules.all().some((module) => module.metatype === metatype && module.distance === 0);
}
