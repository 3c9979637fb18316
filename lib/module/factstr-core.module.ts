import { Global, Logger, Module } from '@nestjs/common';
import { ApplicationModules, applicationModulesProvider } from './application-modules.js';
import { FactHandlersExplorer } from './handlers/fact-handlers.explorer.js';
import { FactHandlersOrchestrator } from './lifecycle/fact-handlers.orchestrator.js';
import { FactHandlersRegistrar } from './lifecycle/fact-handlers.registrar.js';
import { FactstrProjections } from './factstr-projections.js';
import { HandlersDrainModule } from './lifecycle/handlers-drain.module.js';
import { HandlersRegistry } from './lifecycle/handlers.registry.js';
import { isLoadedLazily, orderHooks } from './lifecycle/hook-order.js';
import { LateHandlersWatch } from './lifecycle/late-handlers-watch.js';
import { messages } from './messages.js';
import { OpenStores } from './stores/stores.registry.js';
import { StoreDefinitions } from './stores/store-definitions.js';

/** One per application, however many stores it has: finds the handlers, starts and drains them. */
@Global()
@Module({
  imports: [HandlersDrainModule],
  providers: [
    applicationModulesProvider,
    StoreDefinitions,
    OpenStores,
    FactHandlersExplorer,
    HandlersRegistry,
    FactHandlersRegistrar,
    LateHandlersWatch,
    FactstrProjections,
    FactHandlersOrchestrator,
  ],
  exports: [ApplicationModules, OpenStores, FactstrProjections, FactHandlersOrchestrator],
})
export class FactstrCoreModule {
  constructor(modules: ApplicationModules, stores: OpenStores) {
    if (isLoadedLazily(modules, HandlersDrainModule)) {
      new Logger('FactstrModule').warn(messages.lazyModule);
      stores.passFactories();
    }
    orderHooks(modules, FactstrCoreModule, HandlersDrainModule);
  }
}
