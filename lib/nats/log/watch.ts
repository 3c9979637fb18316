import type { ConsumerMessages } from '@nats-io/jetstream';

/** How often a server that has nothing to send says that it is there, in milliseconds. */
export const HEARTBEAT_MS = 1_000;
/** Silence after which another consumer is made, in milliseconds. */
const MAX_SILENCE_MS = 3 * HEARTBEAT_MS;

/** Ends a consumer that is silent, or that the client has made anew. */
export class Watch {
  readonly #messages: ConsumerMessages;
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;
  #heard = performance.now();
  #isOver = false;

  constructor(messages: ConsumerMessages, signal: AbortSignal) {
    this.#messages = messages;
    this.#signal = signal;
    this.#timer = setInterval(() => {
      if (performance.now() - this.#heard > MAX_SILENCE_MS) this.#stop();
    }, HEARTBEAT_MS);
    if (signal.aborted) this.#stop();
    signal.addEventListener('abort', this.#stop);
    void this.#listen();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  heard(): void {
    this.#heard = performance.now();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#signal.removeEventListener('abort', this.#stop);
    this.#stop();
  }

  async #listen(): Promise<void> {
    for await (const { type } of this.#messages.status()) {
      if (type === 'heartbeat' || type === 'next') this.heard();
      // By another consumer the place has to be checked again: another server may lead.
      if (type === 'reset' || type === 'ordered_consumer_recreated') this.#stop();
    }
  }

  readonly #stop = (): void => {
    this.#isOver = true;
    this.#messages.stop();
  };
}
