import { Injectable, Module } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { worksBehindProxy } from '../../support/behind-proxy.js';
import { FactHandlersOrchestrator } from './fact-handlers.orchestrator.js';

@Injectable()
export class HandlersDrain implements OnModuleDestroy {
  readonly #orchestrator: FactHandlersOrchestrator;

  constructor(orchestrator: FactHandlersOrchestrator) {
    worksBehindProxy(this);
    this.#orchestrator = orchestrator;
  }

  async onModuleDestroy(): Promise<void> {
    await this.#orchestrator.onModuleDestroy();
  }
}

/** Drains the handlers before other modules release what the handlers use; see `hook-order.ts`. */
@Module({ providers: [HandlersDrain] })
export class HandlersDrainModule {}
