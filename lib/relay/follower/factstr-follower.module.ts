import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { FactstrModule } from '../../module/factstr.module.js';
import type { FactstrModuleExtras } from '../../module/factstr.options.js';
import { openFollower } from './follower.store.js';
import type { FactstrFollowerOptions } from './follower.options.js';

/**
 * Runs `@OnFacts` and `@DurableProjection` of a service that has no access to the store, on the stream that a relay
 * fills: a store that is only read, with the numbers and the appends of the source, and cursors in this service's own
 * database.
 *
 * @publicApi
 */
@Module({})
export class FactstrFollowerModule {
  /** @throws InvalidOptionsError, MissingDriverError, TargetUnavailableError, TargetRefusedError at bootstrap */
  static forRoot(options: FactstrFollowerOptions & FactstrModuleExtras): DynamicModule {
    const { name, isGlobal, servers, stream, cursors, pollInterval, connection, ...common } =
      options;
    const followed = { servers, stream, cursors, pollInterval, connection, ...common };
    return {
      module: FactstrFollowerModule,
      imports: [
        FactstrModule.forRoot({
          ...common,
          provider: 'custom',
          store: () => openFollower(followed),
          name,
          isGlobal,
        }),
      ],
    };
  }
}
