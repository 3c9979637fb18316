import { Module } from '@nestjs/common';
import type { ConfigurableModuleAsyncOptions, DynamicModule } from '@nestjs/common';
import { FactstrModule } from '../../module/factstr.module.js';
import type { FactstrModuleExtras, FactstrOptions } from '../../module/factstr.options.js';
import { openFollower } from './follower.store.js';
import { checkFollowerOptions } from './follower.options.js';
import type { FactstrFollowerOptions, FactstrFollowerOptionsFactory } from './follower.options.js';

type FactstrFollowerAsyncOptions = ConfigurableModuleAsyncOptions<
  FactstrFollowerOptions,
  'createFactstrFollowerOptions'
> &
  FactstrModuleExtras;

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
    const { name, isGlobal, ...followed } = options;
    return {
      module: FactstrFollowerModule,
      imports: [FactstrModule.forRoot({ ...followerStore(followed), name, isGlobal })],
    };
  }

  /**
   * A follower whose options come from other providers; `name` and `isGlobal` stand outside the factory.
   *
   * @throws InvalidOptionsError, MissingDriverError, TargetUnavailableError, TargetRefusedError at bootstrap
   */
  static forRootAsync(options: FactstrFollowerAsyncOptions): DynamicModule {
    const { useFactory, useClass, useExisting, provideInjectionTokensFrom, ...others } = options;
    const given = useClass ?? useExisting;
    const forStore =
      given === undefined
        ? {
            provideInjectionTokensFrom,
            useFactory: async (...args: unknown[]) => followerStore(await useFactory!(...args)),
          }
        : {
            inject: [given],
            provideInjectionTokensFrom: [
              ...(provideInjectionTokensFrom ?? []),
              ...(useClass === undefined ? [] : [useClass]),
            ],
            useFactory: async (factory: FactstrFollowerOptionsFactory) =>
              followerStore(await factory.createFactstrFollowerOptions()),
          };
    return {
      module: FactstrFollowerModule,
      imports: [FactstrModule.forRootAsync({ ...others, ...forStore })],
    };
  }
}

/** The store's options: `open` checks those of the stream. */
function followerStore(options: FactstrFollowerOptions): FactstrOptions {
  checkFollowerOptions(options);
  const {
    servers: _,
    stream: _s,
    cursors: _c,
    pollInterval: _p,
    connection: _n,
    ...common
  } = options;
  return { ...common, provider: 'custom', store: () => openFollower(options) };
}
