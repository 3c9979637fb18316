import { Module, Optional } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { InvalidOptionsError } from '../contract/errors.js';
import { ApplicationModules } from './application-modules.js';
import { ConfigurableModuleClass } from './factstr.module-definition.js';
import type { ASYNC_OPTIONS_TYPE } from './factstr.module-definition.js';
import type { FactstrModuleExtras, FactstrOptions } from './factstr.options.js';
import { messages } from './messages.js';
import { noteCopy } from './package-copies.js';

noteCopy();

/**
 * Integrates a fact store into the application: provides `FactstrStore` and runs the methods that carry
 * `@OnFacts` and `@DurableProjection`. Import it once per store.
 *
 * @publicApi
 */
@Module({})
export class FactstrModule extends ConfigurableModuleClass {
  /** @internal */
  constructor(@Optional() modules?: ApplicationModules) {
    super();
    // The core, which provides them, comes with every registration.
    if (modules === undefined) throw new InvalidOptionsError(messages.bareModule);
  }

  /** Registers a store with these options; without any, a store in memory. */
  static override forRoot(
    options: FactstrOptions & FactstrModuleExtras = { provider: 'memory' },
  ): DynamicModule {
    return super.forRoot(options);
  }

  /** Registers a store whose options come from other providers; `name` and `isGlobal` stand outside the factory. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}
