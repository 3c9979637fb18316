import { ConfigurableModuleBuilder } from '@nestjs/common';
import { FactstrProjections } from '../module/factstr-projections.js';
import { OpenStores } from '../module/stores/stores.registry.js';
import { makeRelay } from './relay.js';
import type { FactstrRelayExtras, FactstrRelayOptions } from './relay.options.js';

const RELAY_OPTIONS = 'nestjs-factstr:relay-options';

/** Without a name, which is refused when the relay is made: a JavaScript caller may have forgotten it. */
const EXTRAS = { name: '', store: undefined } as FactstrRelayExtras;

export const { ConfigurableModuleClass, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<FactstrRelayOptions>({ optionsInjectionToken: RELAY_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createFactstrRelayOptions')
    .setExtras(EXTRAS, (definition, { name, store }) => ({
      ...definition,
      providers: [
        ...(definition.providers ?? []),
        {
          provide: `FactstrRelay(${name})`,
          inject: [RELAY_OPTIONS, OpenStores, FactstrProjections],
          useFactory: (
            options: FactstrRelayOptions,
            stores: OpenStores,
            projections: FactstrProjections,
          ) => makeRelay({ name, store }, options, stores, projections),
        },
      ],
    }))
    .build();
