import { Global, Module } from '@nestjs/common';
import { FactHandlersExplorer } from './fact-handlers.explorer.js';
import { FactHandlersOrchestrator } from './fact-handlers.orchestrator.js';
import { FactstrProjections } from './factstr-projections.js';
import { OpenStores } from './open-stores.js';
import { storeDefinitionsProvider } from './store-definitions.js';

/** One per application, however many stores it has: finds the handlers, starts and drains them. */
@Global()
@Module({
  providers: [
    storeDefinitionsProvider,
    OpenStores,
    FactHandlersExplorer,
    FactstrProjections,
    FactHandlersOrchestrator,
  ],
  exports: [OpenStores, FactstrProjections],
})
export class FactstrCoreModule {}
