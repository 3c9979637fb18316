import { DatabaseUnavailableError } from '../../contract/errors.js';
import type { FactstrError } from '../../contract/errors.js';
import { pause } from '../../support/async/turns.js';
import { isInstance } from '../../support/describe-error.js';
import { ATTEMPT_MS } from '../connection/connection.js';
import type { NatsLink } from '../connection/connection.js';
import { isOpen, isUnsent, requestError } from '../connection/errors.js';
import { DUPLICATE_WINDOW_MS, subjectOf } from '../log/stream.js';

/** The pause between attempts, in milliseconds. */
const RETRY_MS = 100;
/** Repetitions end well before the servers forget the message's name. */
const REPETITION_MS = DUPLICATE_WINDOW_MS * 0.8;

/** Where a message is published. */
export interface Published {
  readonly link: NatsLink;
  readonly stream: string;
}

/** The attempts to publish one message. */
export class Attempts {
  readonly #of: Published;
  readonly #name: string;
  readonly #data: Buffer;
  readonly #deadline: number;
  readonly #end = new AbortController();
  /** Whether one of them may have reached a server. */
  wasSent = false;
  /** Why the last one failed. */
  error: unknown;

  constructor(of: Published, name: string, data: Buffer, deadline: number) {
    this.#of = of;
    this.#name = name;
    this.#data = data;
    this.#deadline = deadline;
  }

  stop(): void {
    this.#end.abort();
  }

  /**
   * Resolves when the message is acknowledged, or when it is to be repeated no more; with an error where nothing was
   * written. The same bytes with the same name: within the window of duplicates the servers store them once, and the
   * views count them once also beyond it.
   */
  async run(): Promise<FactstrError | undefined> {
    const { link, stream } = this.#of;
    const { signal } = this.#end;
    const last = Math.min(this.#deadline, performance.now() + REPETITION_MS);
    while (!signal.aborted) {
      const left = last - performance.now();
      if (left <= 0) return undefined;
      if (link.isConnected) {
        try {
          await link.client.publish(subjectOf(stream), this.#data, {
            msgID: this.#name,
            timeout: Math.max(100, Math.min(ATTEMPT_MS, left)),
            retries: 0,
          });
          this.wasSent = true;
          return undefined;
        } catch (error) {
          this.error = error;
          const refusal = this.#refusal(error);
          if (refusal !== undefined) return refusal;
        }
      }
      await pause(RETRY_MS, signal);
    }
    return undefined;
  }

  /** The error of a message that no attempt has written. */
  #refusal(error: unknown): FactstrError | undefined {
    if (isUnsent(error)) return undefined;
    if (isOpen(error)) {
      this.wasSent = true;
      return undefined;
    }
    const refusal = requestError(error, 'The append', this.#of.stream);
    // An earlier attempt may have written it, and what may pass is tried again.
    return this.wasSent || isInstance(refusal, DatabaseUnavailableError) ? undefined : refusal;
  }
}
