import { InvalidOptionsError } from '../contract/errors.js';
import { wholeNumbers } from '../contract/numbers.js';
import type { FactStoreOptions } from '../streams/streaming-store.js';

/**
 * How the servers are reached besides their addresses.
 *
 * @publicApi
 */
export interface NatsConnectionOptions {
  /** User and password, where the servers ask for them. */
  user?: string | undefined;
  pass?: string | undefined;
  /** A token, where the servers ask for one. */
  token?: string | undefined;
  /** The path of a `.creds` file: a user's JWT and seed. */
  credentialsFile?: string | undefined;
  /** As `@nats-io/transport-node` takes it: `{ caFile, certFile, keyFile }`, or texts as `ca`, `cert`, `key`. */
  tls?: object | undefined;
  /** Shown in the servers' monitoring. Default `nestjs-factstr`. */
  name?: string | undefined;
}

/**
 * The options that only the store on NATS has. All times are milliseconds.
 *
 * @publicApi
 */
export interface NatsOwnOptions {
  /** The servers' addresses: `nats://host:4222`, one or several of one cluster. */
  servers: string | readonly string[];
  /** The stream that holds the log, and names the bucket of its cursors: letters, digits, `_` and `-`. */
  stream: string;
  /**
   * Where this process keeps its copy of the log, on which queries are answered: `'memory'` (the default), or the path
   * of a file of this process alone. With a file a process that starts again reads only what came since.
   */
  view?: string | undefined;
  /**
   * What queries see: `'local'` (the default) the view, at least as new as this process's own appends; `'barrier'` the
   * log as it was at the call, by a message through it. `query` and `queryPage` take it too.
   */
  read?: NatsRead | undefined;
  /** Of a stream that is created: on how many servers it is. Default 3; 1 for a server alone. */
  replicas?: number | undefined;
  /** Whether a missing stream, and a missing bucket, are created. Default true. */
  initialize?: boolean | undefined;
  /**
   * What an acknowledged append survives: `'synced'` (the default) also a power cut of all servers at once, which needs
   * `sync_interval: always` on each and is checked where `monitorUrls` are given; `'replicated'` the loss of a
   * minority of them.
   */
  durability?: 'synced' | 'replicated' | undefined;
  /** The monitoring addresses, `http://host:8222`, of every server that has a replica: they tell how it syncs. */
  monitorUrls?: readonly string[] | undefined;
  /** Credentials, TLS and more. */
  connection?: NatsConnectionOptions | undefined;
  /** How long a server's answer is waited for. Default 5,000. */
  requestTimeout?: number | undefined;
  /**
   * How long an append waits for its verdict, an election of 5–7 s included. Default 30,000, at most 90,000: repetitions
   * stay within the stream's window of duplicates.
   */
  appendTimeout?: number | undefined;
  /** How many appends may wait for their turn before further ones are refused with `StoreOverloadedError`. Default 10,000. */
  maxQueuedAppends?: number | undefined;
}

/**
 * Which state of the log a query sees.
 *
 * @publicApi
 */
export type NatsRead = 'local' | 'barrier';

/**
 * Options of the store on NATS. All times are milliseconds.
 *
 * @publicApi
 */
export interface NatsStoreOptions extends FactStoreOptions, NatsOwnOptions {
  /** Milliseconds by which the log's time is ahead of the servers'; they may grow. @internal */
  ahead?: (() => number) | undefined;
}

const NUMBERS = {
  replicas: { fallback: 3, least: 1 },
  requestTimeout: { fallback: 5_000, least: 100 },
  appendTimeout: { fallback: 30_000, least: 100 },
  maxQueuedAppends: { fallback: 10_000, least: 1 },
};

const MAX_REPLICAS = 5;
const MAX_APPEND_TIMEOUT = 90_000;

/** Every option, so that none is forgotten where they are handed on. */
export const NATS_OPTIONS = {
  ...NUMBERS,
  servers: true,
  stream: true,
  view: true,
  read: true,
  initialize: true,
  durability: true,
  monitorUrls: true,
  connection: true,
} satisfies Record<keyof NatsOwnOptions, unknown>;

/** The options with their defaults. */
export interface ResolvedNatsOptions extends Readonly<Record<keyof typeof NUMBERS, number>> {
  readonly servers: string[];
  readonly stream: string;
  readonly view: string;
  readonly read: NatsRead;
  readonly initialize: boolean;
  readonly durability: 'synced' | 'replicated';
  readonly monitorUrls: readonly string[];
  readonly connection: NatsConnectionOptions;
  readonly ahead: (() => number) | undefined;
}

/** @throws InvalidOptionsError */
export function resolveNatsOptions(options: NatsStoreOptions): ResolvedNatsOptions {
  const { servers, stream, view = 'memory', monitorUrls = [], connection = {} } = options;
  const { initialize = true } = options;
  const addresses = typeof servers === 'string' ? [servers] : [...(servers ?? [])];
  if (addresses.length === 0 || addresses.some((address) => typeof address !== 'string')) {
    throw new InvalidOptionsError(
      "The option servers is missing: the addresses of the NATS servers, such as ['nats://10.0.0.1:4222'].",
    );
  }
  if (typeof stream !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(stream)) {
    throw new InvalidOptionsError(
      `The option stream is ${JSON.stringify(stream)}; expected the name of a stream: 1 to 64 letters, digits, "_" and "-".`,
    );
  }
  if (typeof view !== 'string' || view === '') {
    throw new InvalidOptionsError("The option view is 'memory', or the path of a file.");
  }
  const numbers = wholeNumbers(NUMBERS, options);
  if (numbers.replicas > MAX_REPLICAS) {
    throw new InvalidOptionsError(
      `The option replicas is ${numbers.replicas}; a stream has ${MAX_REPLICAS} at most.`,
    );
  }
  if (numbers.appendTimeout > MAX_APPEND_TIMEOUT) {
    throw new InvalidOptionsError(
      `The option appendTimeout is ${numbers.appendTimeout}; at most ${MAX_APPEND_TIMEOUT} ms: an append is repeated within the stream's window of duplicates only.`,
    );
  }
  return {
    ...numbers,
    servers: addresses,
    stream,
    view,
    read: oneOf('read', options.read, ['local', 'barrier']),
    durability: oneOf('durability', options.durability, ['synced', 'replicated']),
    initialize,
    monitorUrls,
    connection,
    ahead: options.ahead,
  };
}

/** An option that is one of some words, of which the first is the default. */
export function oneOf<const T extends string>(
  name: string,
  value: T | undefined,
  words: readonly [T, ...T[]],
): T {
  if (value === undefined) return words[0];
  if (words.includes(value)) return value;
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new InvalidOptionsError(
    `The option ${name} is ${shown}; expected ${words.map((word) => `'${word}'`).join(' or ')}.`,
  );
}
