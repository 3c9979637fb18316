import type { EventRecord } from '../contract/contract.types.js';
import type { CloudEvent } from './cloud-event.js';

/**
 * A fact on its way.
 *
 * @publicApi
 */
export interface RelayedFact {
  readonly event: CloudEvent;
  /** The fact, for what a target makes of it: a subject, a key. Frozen. */
  readonly fact: EventRecord;
}

/**
 * Which relay sends.
 *
 * @publicApi
 */
export interface RelayIdentity {
  /** The relay's name: of its projection. */
  readonly name: string;
  /** The `source` of its events. */
  readonly source: string;
}

/**
 * The newest event that a target has of a relay.
 *
 * @publicApi
 */
export type LastSent = Pick<CloudEvent, 'id' | 'type' | 'time'>;

/**
 * Makes the target of one relay of one application: what a relay's option `target` is. Called once for each, since an
 * application may be made several times in a process. It connects to nothing; `open` does.
 *
 * @publicApi
 */
export type RelayTargetFactory = () => RelayTarget;

/**
 * Where a relay sends facts to. A relay calls one method at a time, `close` aside, which may be called at any time.
 *
 * Order is the relay's and the target's together: events come in the order of their numbers, and come again from some
 * earlier one on after a failure, a crash, or a takeover by another process (which has an object of its own, while one
 * that froze may still send). What such a repetition does is the target's promise: NATS stores each event once; Kafka
 * and RabbitMQ may store it again, under the same `source` and `id`.
 *
 * @publicApi
 */
export interface RelayTarget {
  /** The target in messages, without credentials: `stream "FACTS" on nats://localhost:4222`. */
  readonly label: string;

  /**
   * Connects, and checks that the target keeps what it is given. Called before the first event, and again after every
   * failure of `send` or `lastSent`: it makes good what is broken, and does nothing where nothing is.
   *
   * @throws TargetUnavailableError, TargetRefusedError, MissingDriverError, InvalidOptionsError
   */
  open(relay: RelayIdentity, signal: AbortSignal): Promise<void>;

  /**
   * The newest event that the target has of this relay, `null` where it has none: the relay goes on after it, whatever
   * its cursor says, and sends again what the target should have and has not. Called after each `open`. Absent where the
   * target cannot tell, `undefined` where it cannot for now: the relay goes on after its cursor, which may be before it.
   *
   * @throws TargetUnavailableError, TargetRefusedError
   */
  lastSent?(signal: AbortSignal): Promise<LastSent | null | undefined>;

  /**
   * Sends events in their order. Resolves only when the target has acknowledged all of them: the relay's cursor moves
   * then. After a rejection it is not known which of them the target has: `open` and `lastSent` are called, and the rest,
   * or all, comes again. Nothing is sent by a call that has settled. `signal` aborts at the call's deadline
   * (`timeout`), when the relay is paused, and at a shutdown.
   *
   * @throws TargetUnavailableError, TargetRefusedError
   */
  send(facts: readonly RelayedFact[], signal: AbortSignal): Promise<void>;

  /** Releases what it holds; what is in flight may fail. May be called again, and before `open`, which is not called after it. */
  close(): Promise<void>;
}
