import { Observable } from 'rxjs';
import type { MessageEvent } from '@nestjs/common';
import type { EventRecord } from '../contract/contract.types.js';
import type { FactstrStore } from '../service/factstr-store.js';

/** Milliseconds. A connection that is silent for longer cannot be told from a dead one. */
const HEARTBEAT = 10_000;
/** Milliseconds after which a browser connects again. */
const RECONNECT_AFTER = 1_000;
const PAGE_FACTS = 200;

/**
 * The facts after a number, as events whose id is the fact’s number: what a browser names as its last one when it
 * connects again is where it goes on, without a gap and without a repetition. When `ended` aborts it ends, and with it
 * the connection: a browser that kept it would ask on it again and again, and the server would wait for that.
 */
export function tail(
  store: FactstrStore,
  after: bigint,
  show: (fact: EventRecord) => string,
  ended: AbortSignal,
  disconnect: () => void,
): Observable<MessageEvent> {
  return new Observable((subscriber) => {
    let last = after;
    let wake: (() => void) | undefined;
    let isWoken = false;
    const stop = (): void => {
      subscriber.complete();
      wake?.();
    };
    const woken = (): void => {
      isWoken = true;
      wake?.();
    };
    const end = (): void => {
      stop();
      disconnect();
    };
    const follow = async (): Promise<void> => {
      // It only tells that there is something to read: the log is read in order, from the last fact that was sent.
      const subscription = await store.streamAll(woken);
      try {
        while (!subscriber.closed) {
          isWoken = false;
          const query = { min_sequence_number: last };
          const { event_records } = await store.query(query, { limit: PAGE_FACTS });
          for (const fact of event_records) {
            last = fact.sequence_number;
            subscriber.next({ id: String(last), type: 'fact', data: show(fact) });
          }
          if (event_records.length === 0 && !isWoken && !subscriber.closed) {
            await new Promise<void>((resolve) => (wake = resolve));
          }
        }
      } finally {
        subscription.unsubscribe();
      }
    };
    if (ended.aborted) return end();
    ended.addEventListener('abort', end);
    const heartbeat = setInterval(() => subscriber.next({ type: 'ping', data: '' }), HEARTBEAT);
    subscriber.next({ type: 'ready', retry: RECONNECT_AFTER, data: '' });
    // A failure ends the connection; the browser connects again, from where it was.
    follow().then(stop, stop);
    return () => {
      clearInterval(heartbeat);
      ended.removeEventListener('abort', end);
      wake?.();
    };
  });
}
