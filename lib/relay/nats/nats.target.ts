import type { StreamInfo } from '@nats-io/jetstream';
import type { CloudEvent } from '../cloud-event.js';
import type {
  LastSent,
  RelayIdentity,
  RelayTarget,
  RelayTargetFactory,
  RelayedFact,
} from '../relay-target.js';
import { isInstance } from '../../support/describe-error.js';
import { TargetRefusedError, TargetUnavailableError } from '../relay.errors.js';
import { messageId, read, relayOf, sizeOf, write } from './event-message.js';
import { checkNatsTarget } from './nats-target.options.js';
import type { NatsTargetOptions } from './nats-target.options.js';
import { CODES, RelayLink, answerCode, natsError } from './relay-link.js';
import { checkStream, newStream } from './stream-check.js';

const ACK_TIMEOUT_MS = 5_000;
/** Events, and bytes of them, that wait for their acknowledgement at a time, at most. */
const MAX_IN_FLIGHT = 512;
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
/** Room for what the client adds to headers, in bytes: their frame, and names and values of what is expected. */
const ADDED_BYTES = 512;

/**
 * Sends facts to a NATS JetStream stream, each once and in order, whatever fails: every event names the place that it
 * is to have in the stream, so that the server refuses what comes late, twice, or after a gap. The stream belongs to
 * one relay; one that others write to, or that loses events, is refused.
 *
 * Needs `@nats-io/transport-node`, `@nats-io/jetstream` and `@nats-io/kv`, and a NATS server from 2.10 on.
 *
 * @throws InvalidOptionsError
 * @publicApi
 */
export function natsTarget(options: NatsTargetOptions): RelayTargetFactory {
  checkNatsTarget(options);
  return () => new NatsTarget(options);
}

class NatsTarget implements RelayTarget {
  readonly label: string;
  readonly #options: NatsTargetOptions;
  readonly #servers: readonly string[];
  #relay: RelayIdentity | undefined;
  #link: RelayLink | undefined;
  /** The stream's newest place, once its newest event was looked at; places are dense. */
  #place: number | undefined;

  constructor(options: NatsTargetOptions) {
    const { servers, stream } = options;
    this.#options = options;
    this.#servers = typeof servers === 'string' ? [servers] : [...servers];
    const shown = this.#servers.map((server) => server.replace(/\/\/[^@/]*@/, '//'));
    this.label = `stream ${JSON.stringify(stream)} on ${shown.join(', ')}`;
  }

  async open(relay: RelayIdentity): Promise<void> {
    this.#relay = relay;
    if (this.#link?.isOpen === true && this.#place !== undefined) return;
    await this.#drop();
    const { connection, ackTimeout = ACK_TIMEOUT_MS } = this.#options;
    this.#link = await RelayLink.open(this.#servers, connection, ackTimeout, this.label);
    checkStream((await this.#info()).config, this.#options.allowDiscard ?? false);
  }

  async lastSent(): Promise<LastSent | null | undefined> {
    const { state } = await this.#info();
    const { last_seq: place } = state;
    if (place === 0) {
      this.#place = place;
      return null;
    }
    const event = await this.#eventAt(place);
    this.#place = place;
    return event;
  }

  /**
   * Places, not times, keep repetitions out: whatever is still on its way from before, from here or from a process that
   * lost its lease, either is the event of the place that it names, or is refused.
   */
  async send(facts: readonly RelayedFact[], signal: AbortSignal): Promise<void> {
    if (this.#place === undefined) throw this.#unavailable('its newest event is not known');
    const waiting: { readonly done: Promise<void>; readonly bytes: number }[] = [];
    let bytes = 0;
    try {
      let place = this.#place;
      for (const { event, fact } of facts) {
        while (waiting.length >= MAX_IN_FLIGHT || bytes > MAX_IN_FLIGHT_BYTES) {
          const oldest = waiting.shift()!;
          await oldest.done;
          bytes -= oldest.bytes;
        }
        signal.throwIfAborted();
        const sent = this.#publish(event, this.#subjectOf(fact), place++);
        sent.done.catch(() => undefined);
        waiting.push(sent);
        bytes += sent.bytes;
      }
      for (const { done } of waiting) await done;
      this.#place = place;
    } catch (error) {
      // A fact that is refused here does not hold up those before it.
      if (isInstance(error, TargetRefusedError)) {
        await Promise.allSettled(waiting.map(({ done }) => done));
      }
      // What is in flight fails with the connection, and what was not written to it is never sent.
      await this.#drop();
      throw signal.aborted ? error : natsError(error, this.label);
    }
  }

  async close(): Promise<void> {
    await this.#drop();
  }

  #publish(
    event: CloudEvent,
    subject: string,
    place: number,
  ): { readonly done: Promise<void>; readonly bytes: number } {
    const link = this.#link;
    if (link?.isOpen !== true) throw this.#unavailable('the connection is gone');
    const { mode = 'binary', stream, ackTimeout = ACK_TIMEOUT_MS } = this.#options;
    const headers = link.headers();
    const body = Buffer.from(write(event, headers, mode, this.#relay!.name));
    const msgID = messageId(event);
    const bytes = body.length + sizeOf(headers) + msgID.length + stream.length + ADDED_BYTES;
    if (bytes > link.maxPayload) {
      throw new TargetRefusedError(
        `Fact ${event.id} needs a message of ${bytes} bytes; one to ${this.label} may have ${link.maxPayload} (max_payload of the server). Raise it.`,
      );
    }
    const publishing = link.client.publish(subject, body, {
      msgID,
      expect: { streamName: stream, lastSequence: place },
      timeout: ackTimeout,
      headers,
    });
    const done = publishing.then(({ seq }) => {
      if (seq === place + 1) return;
      throw new TargetUnavailableError(
        `The target ${this.label} has fact ${event.id} at ${seq} already.`,
      );
    });
    return { done, bytes };
  }

  async #info(): Promise<StreamInfo> {
    const { stream, create } = this.#options;
    const { manager } = this.#link ?? {};
    if (manager === undefined) throw this.#unavailable('it is not open');
    try {
      return await manager.streams.info(stream);
    } catch (error) {
      if (answerCode(error) !== CODES.streamNotFound) throw natsError(error, this.label);
      if (create === undefined) {
        throw new TargetRefusedError(
          `There is no ${this.label}. Make it, or let the relay: create: { subjects: [ … ] }.`,
          { cause: error },
        );
      }
    }
    try {
      return await manager.streams.add(newStream(this.#options, (ms) => ms * 1_000_000));
    } catch (error) {
      throw natsError(error, this.label);
    }
  }

  /** @throws TargetRefusedError where it is not this relay's */
  async #eventAt(place: number): Promise<LastSent | undefined> {
    const { stream, allowDiscard = false } = this.#options;
    let message;
    try {
      message = await this.#link!.manager.streams.getMessage(stream, { seq: place });
    } catch (error) {
      throw natsError(error, this.label);
    }
    if (message === null) {
      if (allowDiscard) return undefined;
      throw new TargetRefusedError(
        `The newest message of ${this.label}, at ${place}, was deleted or purged: what was sent cannot be told. Give the relay an empty stream, or allow that: allowDiscard: true.`,
      );
    }
    const event = read(message);
    const { name, source } = this.#relay!;
    if (event !== undefined && event.source === source && relayOf(message) === name) return event;
    const other =
      event === undefined ? 'of no relay' : `of relay ${relayOf(message)} of ${event.source}`;
    throw new TargetRefusedError(
      `The newest message of ${this.label}, at ${place}, is ${other}: the stream of relay ${JSON.stringify(name)} (source ${source}) belongs to it alone. Give it a stream of its own.`,
    );
  }

  /** @throws TargetRefusedError */
  #subjectOf(fact: RelayedFact['fact']): string {
    const { subject } = this.#options;
    const text: unknown = typeof subject === 'string' ? subject : subject(fact);
    if (typeof text === 'string' && /^[^\s.*>]+(\.[^\s.*>]+)*$/.test(text)) return text;
    throw new TargetRefusedError(
      `The subject of fact ${fact.sequence_number} is no subject of NATS: words without spaces, * and >, with dots between them. Let the option subject make one of every event type.`,
    );
  }

  #unavailable(why: string): TargetUnavailableError {
    return new TargetUnavailableError(`The target ${this.label} cannot be reached: ${why}.`);
  }

  async #drop(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    this.#place = undefined;
    await link?.close();
  }
}
