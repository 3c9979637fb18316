import { Global, Inject, Module } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { APPLICATION_MODULES, applicationModulesProvider } from './application-modules.js';
import { FactHandlersExplorer } from './fact-handlers.explorer.js';
import { FactHandlersOrchestrator } from './fact-handlers.orchestrator.js';
import { FactstrProjections } from './factstr-projections.js';
import { HandlersDrainModule } from './handlers-drain.module.js';
import { orderHooks } from './hook-order.js';
import { OpenStores } from './open-stores.js';
import { StoreDefinitions } from './store-definitions.js';

/** One per application, however many stores it has: finds the handlers, starts and drains them. */
@Global()
@Module({
  imports: [HandlersDrainModule],
  providers: [
    applicationModulesProvider,
    StoreDefinitions,
    OpenStores,
    FactHandlersExplorer,
    FactstrProjections,
    FactHandlersOrchestrator,
  ],
  exports: [OpenStores, FactstrProjections, FactHandlersOrchestrator],
})
export class FactstrCoreModule {
  constructor(@Inject(APPLICATION_MODULES) modules: ModulesContainer) {
    orderHooks(modules, FactstrCoreModule, HandlersDrainModule);
  }
}
