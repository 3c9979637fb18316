import { ConfigurableModuleBuilder } from '@nestjs/common';
import { getFactstrStoreToken, DEFAULT_STORE } from './factstr.tokens.js';
import { FactstrCoreModule } from './factstr-core.module.js';
import type { FactstrModuleExtras, FactstrOptions } from './factstr.options.js';
import { OpenStores } from './stores/stores.registry.js';
import { STORE_DEFINITION, STORE_OPTIONS } from './stores/store-definitions.js';

const EXTRAS: FactstrModuleExtras = { name: undefined, isGlobal: true };

export const { ConfigurableModuleClass, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<FactstrOptions>({ optionsInjectionToken: STORE_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createFactstrOptions')
    .setExtras(EXTRAS, (definition, { name = DEFAULT_STORE, isGlobal = true }) => {
      const token = getFactstrStoreToken(name);
      return {
        ...definition,
        global: isGlobal,
        imports: [...(definition.imports ?? []), FactstrCoreModule],
        providers: [
          ...(definition.providers ?? []),
          { provide: STORE_DEFINITION, useValue: name },
          {
            provide: token,
            inject: [STORE_OPTIONS, OpenStores],
            useFactory: (options: FactstrOptions, stores: OpenStores) => stores.open(name, options),
          },
        ],
        exports: [token],
      };
    })
    .build();
