import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { EventRecord } from '../contract/contract.types.js';
import type { FactstrStore } from '../service/factstr-store.js';

/** Milliseconds. A connection that is silent for longer cannot be told from a dead one. */
const HEARTBEAT = 10_000;
/** Milliseconds after which a browser connects again. */
const RECONNECT_AFTER = 1_000;
/** Milliseconds that a full connection is waited for. A browser that comes back goes on where it was. */
const STALLED_AFTER = 30_000;
const PAGE_FACTS = 200;
/** Tails that are followed at once, by all browsers. */
export const MOST_TAILS = 100;

/** What a tail shows. */
export interface Followed {
  readonly store: FactstrStore;
  /** The fact that the browser had last. */
  readonly after: bigint;
  readonly show: (fact: EventRecord) => string;
}

/**
 * The facts after a number, as events whose id is the fact’s number: what a browser names as its last one when it
 * connects again is where it goes on, without a gap and without a repetition. The log is read no faster than the
 * connection takes it: of each tail one page of facts is in memory. When `ended` aborts all tails end, and with them
 * their connections: a browser that kept one would ask on it again and again, and the server would wait for that.
 */
export class Tails {
  readonly #ended: AbortSignal;
  #open = 0;

  constructor(ended: AbortSignal) {
    this.#ended = ended;
  }

  get areFull(): boolean {
    return this.#open >= MOST_TAILS;
  }

  /** Resolves when the connection has ended. */
  async follow(followed: Followed, out: ServerResponse): Promise<void> {
    const closed = new AbortController();
    const close = (): void => closed.abort();
    const end = (): void => endConnection(out);
    out.on('error', close).on('close', close);
    this.#ended.addEventListener('abort', end);
    const heartbeat = setInterval(() => {
      if (!closed.signal.aborted && !out.writableNeedDrain) out.write(event('ping'));
    }, HEARTBEAT);
    this.#open++;
    try {
      begin(out);
      if (!this.#ended.aborted) await send(followed, out, closed.signal);
    } catch {
      // A failure ends the connection; the browser connects again, from where it was.
    } finally {
      this.#open--;
      clearInterval(heartbeat);
      this.#ended.removeEventListener('abort', end);
      end();
    }
  }
}

function begin(out: ServerResponse): void {
  out.socket?.setNoDelay(true);
  out.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store, no-transform',
    'x-content-type-options': 'nosniff',
    // It ends with the tail. Without this Node tells how long it keeps idle connections (Fastify: 72 s), a client’s pool
    // keeps as long those on which it has asked nothing yet, and a server that closes waits for them.
    connection: 'close',
    // What proxies such as nginx take for “do not hold it back”.
    'x-accel-buffering': 'no',
  });
  out.write(`retry: ${RECONNECT_AFTER}\n${event('ready')}`);
}

/** @throws when the connection is closed or stalls, and what the store throws */
async function send(
  { store, after, show }: Followed,
  out: ServerResponse,
  closed: AbortSignal,
): Promise<void> {
  let last = after;
  let isWoken = false;
  let wake: (() => void) | undefined;
  // It only tells that there is something to read: the log is read in order, from the last fact that was sent.
  const woken = (): void => {
    isWoken = true;
    wake?.();
  };
  closed.addEventListener('abort', woken);
  const subscription = await store.streamAll(woken);
  try {
    while (!closed.aborted) {
      isWoken = false;
      const query = { min_sequence_number: last };
      const { event_records } = await store.query(query, { limit: PAGE_FACTS });
      closed.throwIfAborted();
      const events = event_records.map((fact) =>
        event('fact', show(fact), String(fact.sequence_number)),
      );
      last = event_records.at(-1)?.sequence_number ?? last;
      if (events.length > 0 && !out.write(events.join(''))) {
        const stalled = AbortSignal.timeout(STALLED_AFTER);
        await once(out, 'drain', { signal: AbortSignal.any([closed, stalled]) });
      } else if (events.length === 0 && !isWoken) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    subscription.unsubscribe();
  }
}

function event(type: string, data = '', id?: string): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `event: ${type}\n${id === undefined ? '' : `id: ${id}\n`}${lines.join('')}\n`;
}

/** What a connection that is full does not take cannot be waited for. */
function endConnection(out: ServerResponse): void {
  const { socket } = out;
  if (out.writableNeedDrain) {
    out.destroy();
    return;
  }
  out.end();
  socket?.destroySoon();
}
