import type { ModulesContainer } from '@nestjs/core';

/**
 * Nest calls bootstrap hooks by falling distance and shutdown hooks by rising distance; global modules have the
 * largest number there is and otherwise follow the order of imports. Live handlers are to be registered before
 * any module appends in its `onApplicationBootstrap`, the stores are to close after every other module's last
 * append, and handlers are to drain before a module disconnects in its `onModuleDestroy`, wherever it was
 * imported.
 */
export function orderHooks(modules: ModulesContainer, core: unknown, drain: unknown): void {
  for (const module of modules.values()) {
    if (module.metatype === core) module.distance = Infinity;
    if (module.metatype === drain) module.distance = -Infinity;
  }
}
