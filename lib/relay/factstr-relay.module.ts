import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ConfigurableModuleClass } from './relay.module-definition.js';
import type { ASYNC_OPTIONS_TYPE } from './relay.module-definition.js';
import type { FactstrRelayExtras, FactstrRelayOptions } from './relay.options.js';

/**
 * Sends facts to where others read them, as CloudEvents: by a durable projection of its name, which one process runs
 * at a time, in the order of the log, each fact until the target has acknowledged it. Import it once for each relay,
 * beside `FactstrModule`.
 *
 * @publicApi
 */
@Module({})
export class FactstrRelayModule {
  /** @throws InvalidOptionsError at bootstrap */
  static forRoot(options: FactstrRelayOptions & FactstrRelayExtras): DynamicModule {
    return { ...ConfigurableModuleClass.forRoot(options), module: FactstrRelayModule };
  }

  /**
   * A relay whose options come from other providers; `name` and `store` stand outside the factory.
   *
   * @throws InvalidOptionsError at bootstrap
   */
  static forRootAsync(options: typeof ASYNC_OPTIONS_TYPE & FactstrRelayExtras): DynamicModule {
    return { ...ConfigurableModuleClass.forRootAsync(options), module: FactstrRelayModule };
  }
}
