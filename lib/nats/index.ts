export * from './store-types.js';
export type {
  NatsConnectionOptions,
  NatsOwnOptions,
  NatsRead,
  NatsStoreOptions,
} from './options.js';
