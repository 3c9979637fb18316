import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@nestjs/common';
import type { FactStore } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { isTransient } from '../../service/append-retry.js';
import { describeError } from '../../support/describe-error.js';
import { FactstrMemoryStore } from '../../stores/memory/store.js';
import { NATS_OPTIONS } from '../../nats/options.js';
import { FactstrNatsStore } from '../../nats/store.js';
import { POSTGRES_OPTIONS } from '../../stores/postgres/options.js';
import { FactstrPostgresStore } from '../../stores/postgres/store.js';
import { SQLITE_OPTIONS } from '../../stores/sqlite/options.js';
import { FactstrSqliteStore } from '../../stores/sqlite/store.js';
import { withFacts } from '../../service/facts/coded-store.js';
import { closeStore } from '../../streams/store-face.js';
import { COMMON_OPTIONS } from '../../streams/streaming-store.js';
import type { FactStoreOptions } from '../../streams/streaming-store.js';
import type {
  FactstrNatsOptions,
  FactstrOptions,
  FactstrPostgresOptions,
} from '../factstr.options.js';
import { messages } from '../messages.js';
import { checkOptions } from '../options/option-checks.js';

/** A store made from options. */
export interface MadeStore {
  readonly raw: FactStore;
  /** Whether the module closes it. */
  readonly owned: boolean;
}

/**
 * Makes the store that the options ask for; servers are reached before this resolves.
 *
 * @throws InvalidOptionsError and the errors of opening the store
 */
export async function openStore(
  options: FactstrOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<MadeStore> {
  checkOptions(options);
  const common: FactStoreOptions = {
    ...picked(options, COMMON_OPTIONS),
    onStreamError: (error) => logger.error(describeError(error)),
  };
  switch (options.provider) {
    case 'memory':
      return { raw: new FactstrMemoryStore(common), owned: true };
    case 'sqlite':
      return {
        raw: new FactstrSqliteStore(options.path, {
          ...picked(options, SQLITE_OPTIONS),
          ...common,
        }),
        owned: true,
      };
    case 'postgres': {
      const chosen = { ...picked(options, POSTGRES_OPTIONS), ...common };
      const store = new FactstrPostgresStore(options.url, chosen);
      return { raw: await connected(store, options, logger, signal), owned: true };
    }
    case 'nats': {
      const { servers, stream } = options;
      const chosen = { ...picked(options, NATS_OPTIONS), ...common, servers, stream };
      const store = new FactstrNatsStore(chosen);
      return { raw: await connected(store, options, logger, signal), owned: true };
    }
    case 'custom':
      break;
  }
  const made = await openCustom(options.store);
  try {
    return { ...made, raw: withFacts(made.raw, options.facts, options.limits) };
  } catch (error) {
    if (made.owned) await closeStore(made.raw);
    throw error;
  }
}

/** A store on servers, once it has reached them. */
async function connected(
  store: FactstrPostgresStore | FactstrNatsStore,
  { retryAttempts = 10, retryDelay = 1_000 }: FactstrPostgresOptions | FactstrNatsOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<FactStore> {
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await store.connect();
        return store;
      } catch (error) {
        // Only what may pass: refused credentials and foreign schemas stay as they are.
        if (!isTransient(error) || attempt > retryAttempts) throw error;
        logger.warn(messages.retrying(error.message, attempt, retryAttempts));
        await pause(retryDelay, undefined, { signal });
      }
    }
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openCustom(
  given: FactStore | (() => FactStore | Promise<FactStore>),
): Promise<MadeStore> {
  const owned = typeof given === 'function';
  const raw: unknown = owned ? await given() : given;
  const methods = [
    'append',
    'query',
    'appendIf',
    'streamAll',
    'streamTo',
    'streamAllDurable',
    'streamToDurable',
  ] as const;
  for (const method of methods) {
    if (typeof (raw as Partial<Record<string, unknown>> | undefined)?.[method] !== 'function') {
      throw new InvalidOptionsError(messages.customWithout(method));
    }
  }
  return { raw: raw as FactStore, owned };
}

/** The options of a table that are given. */
function picked<T extends object, K extends keyof T>(
  options: T,
  table: Readonly<Record<K, unknown>>,
): Pick<T, K> {
  const entries = Object.entries(options).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(table, name),
  );
  return Object.fromEntries(entries) as Pick<T, K>;
}
