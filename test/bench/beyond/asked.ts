import type { NatsStoreOptions } from '../../../lib/nats/options.js';

/** Where a worker's store is. */
export type Place =
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'nats'; readonly options: NatsStoreOptions };

/** What a worker is asked to do. */
export type Asked =
  | { readonly do: 'open'; readonly place: Place }
  | { readonly do: 'listen' }
  | { readonly do: 'close' }
  | {
      readonly do: 'append' | 'send' | 'fresh' | 'contended';
      readonly callers: number;
      readonly milliseconds: number;
    };

/** What it did: operations, or the log's head when it was opened; the time in milliseconds. */
export interface Done {
  readonly took: number;
  readonly count: number;
}

/** A fact that another worker sent has arrived after so many milliseconds. */
export interface Arrived {
  readonly delay: number;
}
