import type { ConsumerMessages } from '@nats-io/jetstream';
import { pause, retryDelay } from '../../support/async/turns.js';
import { goesOn } from '../nats/event-message.js';
import type { RelayLink } from '../nats/relay-link.js';

/** How often a server that has nothing to tell says that it is there, in milliseconds. */
const HEARTBEAT_MS = 1_000;
/** For how long a request for messages stands, in milliseconds. */
const REQUEST_MS = 30_000;
/** A consumer that nobody asks is removed by the server after so long, in milliseconds. */
const INACTIVE_MS = 60_000;

/**
 * Tells when a stream has another append whole, by an ordered consumer that gets its messages' headers only. What comes
 * while there is no consumer (an outage, an election) is not told.
 */
export class StreamAlarm {
  readonly #link: RelayLink;
  readonly #stream: string;
  readonly #wake: (place: number) => void;
  readonly #stopped = new AbortController();
  #messages: ConsumerMessages | undefined;

  /** `wake` is called with the place of the append's last event. */
  constructor(link: RelayLink, stream: string, wake: (place: number) => void) {
    this.#link = link;
    this.#stream = stream;
    this.#wake = wake;
  }

  start(): this {
    void this.#run();
    return this;
  }

  stop(): void {
    this.#stopped.abort();
    this.#messages?.stop();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted && this.#link.isOpen; failures++) {
      try {
        if (await this.#listen()) failures = 0;
      } catch {
        // Reading the stream tells what fails.
      }
      await pause(retryDelay(failures), signal);
    }
  }

  /** Resolves when the consumer is of no use any more: whether it told something. */
  async #listen(): Promise<boolean> {
    const consumer = await this.#link.client.consumers.get(this.#stream, {
      deliver_policy: 'new',
      headers_only: true,
      inactive_threshold: INACTIVE_MS,
    });
    let hasTold = false;
    try {
      const messages = await consumer.consume({
        expires: REQUEST_MS,
        idle_heartbeat: HEARTBEAT_MS,
      });
      this.#messages = messages;
      if (this.#stopped.signal.aborted) messages.stop();
      for await (const { seq, headers } of messages) {
        hasTold = true;
        if (!goesOn(headers)) this.#wake(seq);
      }
    } finally {
      consumer.delete().catch(() => undefined);
    }
    return hasTold;
  }
}
