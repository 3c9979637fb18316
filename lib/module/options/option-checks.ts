import { InvalidOptionsError } from '../../contract/errors.js';
import { wholeNumber } from '../../contract/numbers.js';
import { NATS_OPTIONS } from '../../nats/options.js';
import { POSTGRES_OPTIONS } from '../../stores/postgres/options.js';
import { SQLITE_OPTIONS } from '../../stores/sqlite/options.js';
import { COMMON_OPTIONS } from '../../streams/streaming-store.js';
import type { FactstrCommonOptions, FactstrOptions } from '../factstr.options.js';
import { messages } from '../messages.js';

type ProviderName = FactstrOptions['provider'];
type OptionsOf<P extends ProviderName> = Extract<FactstrOptions, { provider: P }>;

/** What the module itself checks of an option. `undefined`: the store, or the service, checks it. */
type Check = ((value: unknown, name: string, provider: string) => void) | undefined;

/** Every option of `T`, so that none can be added without being known here. */
type Table<T> = Readonly<Record<keyof T, Check>>;

const COMMON: Table<FactstrCommonOptions> = {
  ...unchecked(COMMON_OPTIONS),
  handlers: checkHandlers,
  maxAttempts: whole(1),
  around: checkAround,
  timeout: whole(1),
  idempotentAppends: undefined,
  appendRetryTimeout: undefined,
  rememberedStates: undefined,
  metadata: undefined,
  shutdownTimeout: whole(0),
};

const OF_PROVIDERS: {
  readonly [P in ProviderName]: Table<Omit<OptionsOf<P>, keyof FactstrCommonOptions>>;
} = {
  memory: { provider: undefined },
  sqlite: { provider: undefined, path: checkText, ...unchecked(SQLITE_OPTIONS) },
  postgres: {
    provider: undefined,
    url: checkText,
    ...unchecked(POSTGRES_OPTIONS),
    retryAttempts: whole(0),
    retryDelay: whole(0),
  },
  nats: {
    provider: undefined,
    ...unchecked(NATS_OPTIONS),
    retryAttempts: whole(0),
    retryDelay: whole(0),
  },
  custom: { provider: undefined, store: undefined },
};

/**
 * Checks what the module itself reads; the stores check their own options.
 *
 * @throws InvalidOptionsError
 */
export function checkOptions(options: FactstrOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(messages.noOptions(kindOf(options)));
  }
  const { provider } = options;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  check(options, COMMON);
  if (typeof provider !== 'string' || !Object.hasOwn(OF_PROVIDERS, provider)) {
    throw new InvalidOptionsError(messages.unknownProvider(shown(provider)));
  }
  check(options, OF_PROVIDERS[provider]);
  for (const extra of ['name', 'isGlobal']) {
    if (given.some(([name]) => name === extra)) {
      throw new InvalidOptionsError(messages.outsideFactory(extra));
    }
  }
  // A misspelt option would be ignored silently.
  const known = { ...COMMON, ...OF_PROVIDERS[provider] };
  const unknown = given.find(([name]) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    throw new InvalidOptionsError(messages.unknownOption(provider, unknown[0], Object.keys(known)));
  }
}

function check(options: object, table: Readonly<Record<string, Check>>): void {
  const { provider } = options as FactstrOptions;
  for (const [name, checkOne] of Object.entries(table)) {
    checkOne?.((options as Readonly<Record<string, unknown>>)[name], name, provider);
  }
}

function unchecked<T extends object>(table: T): Record<keyof T, undefined> {
  const entries = Object.keys(table).map((name) => [name, undefined]);
  return Object.fromEntries(entries) as Record<keyof T, undefined>;
}

/** A value's kind instead of the value: a URL that was passed by mistake holds a password. */
function kindOf(value: unknown): string {
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}

/** Shows a short word, which may be misspelt; anything else may be a secret. */
function shown(value: unknown): string {
  return typeof value === 'string' && /^\w{0,20}$/.test(value)
    ? JSON.stringify(value)
    : kindOf(value);
}

function whole(least: number): Check {
  return (value, name) => void wholeNumber(name, value as number | undefined, 0, least);
}

function checkHandlers(value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  const { live, durable } = (value ?? {}) as { live?: unknown; durable?: unknown };
  const kinds = typeof value === 'object' && value !== null;
  if (kinds && [live, durable].every((kind) => ['boolean', 'undefined'].includes(typeof kind))) {
    return;
  }
  throw new InvalidOptionsError(messages.badHandlers);
}

function checkAround(value: unknown): void {
  if (value !== undefined && typeof value !== 'function') {
    throw new InvalidOptionsError(messages.badAround);
  }
}

function checkText(value: unknown, option: string, provider: string): void {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidOptionsError(messages.missingOption(provider, option));
  }
}
