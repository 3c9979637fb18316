import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@nestjs/common';
import type { FactStore } from '../contract/contract.types.js';
import { DatabaseUnavailableError, InvalidOptionsError } from '../contract/errors.js';
import { describeError } from '../projections/failures.js';
import { FactstrMemoryStore } from '../stores/memory/memory.store.js';
import { FactstrPostgresStore } from '../stores/postgres/postgres.store.js';
import { FactstrSqliteStore } from '../stores/sqlite/sqlite.store.js';
import type { FactStoreOptions } from '../streams/streaming-store.js';
import type { FactstrOptions, FactstrPostgresOptions } from './factstr.options.js';
import { messages } from './messages.js';

/** A store made from options. */
export interface MadeStore {
  readonly raw: FactStore;
  /** Whether it is ours to close. */
  readonly owned: boolean;
}

/**
 * Makes the store that the options ask for; Postgres is reached before this resolves.
 *
 * @throws InvalidOptionsError and whatever opening the store throws
 */
export async function openStore(
  options: FactstrOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<MadeStore> {
  const common: FactStoreOptions = {
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    onStreamError: (error) => logger.error(describeError(error)),
  };
  switch (options.provider) {
    case 'memory':
      return { raw: new FactstrMemoryStore(common), owned: true };
    case 'sqlite':
      requireText(options.path, 'path', 'sqlite');
      return {
        raw: new FactstrSqliteStore(options.path, { ...withoutModuleOptions(options), ...common }),
        owned: true,
      };
    case 'postgres':
      requireText(options.url, 'url', 'postgres');
      return { raw: await openPostgres(options, common, logger, signal), owned: true };
    case 'custom':
      return openCustom(options.store);
    default:
      throw new InvalidOptionsError(
        `The provider is ${JSON.stringify((options as { provider?: unknown }).provider)}; expected "memory", "sqlite", "postgres" or "custom".`,
      );
  }
}

async function openPostgres(
  options: FactstrPostgresOptions,
  common: FactStoreOptions,
  logger: Logger,
  signal: AbortSignal,
): Promise<FactStore> {
  const { url, retryAttempts = 10, retryDelay = 1_000, ...rest } = options;
  const store = new FactstrPostgresStore(url, { ...withoutModuleOptions(rest), ...common });
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await store.connect();
        return store;
      } catch (error) {
        // Only what may pass: refused credentials and foreign schemas stay as they are.
        if (!(error instanceof DatabaseUnavailableError) || attempt > retryAttempts) throw error;
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
      throw new InvalidOptionsError(`${messages.customWithoutStore}; ${method}() is missing.`);
    }
  }
  return { raw: raw as FactStore, owned };
}

/** What is left are the store's own options, named alike. */
function withoutModuleOptions<T extends object>(options: T): T {
  const own = ['provider', 'path', 'handlers', 'maxAttempts', 'shutdownTimeout'];
  return Object.fromEntries(Object.entries(options).filter(([key]) => !own.includes(key))) as T;
}

function requireText(value: unknown, option: string, provider: string): void {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidOptionsError(
      `Provider "${provider}" needs the option ${option}, a text that is not empty.`,
    );
  }
}
