import { within } from '../../support/async/turns.js';
import { unlessAborted } from '../../support/async/unless-aborted.js';
import type {
  RelayedFact,
  RelayIdentity,
  RelayTarget,
  RelayTargetFactory,
} from '../relay-target.js';
import { TargetUnavailableError } from '../relay.errors.js';
import { loadRabbitMqDriver } from './rabbitmq.driver.js';
import { explained } from './rabbitmq.errors.js';
import { messageOf } from './rabbitmq.messages.js';
import type { RabbitMqTargetOptions } from './rabbitmq.options.js';
import { RabbitMqSession } from './rabbitmq.session.js';
import { labelOf, rabbitMqSettings } from './rabbitmq.settings.js';
import type { RabbitMqSettings } from './rabbitmq.settings.js';

/** How long a connection may take to close. */
const CLOSING_MS = 2_000;

/**
 * Relays facts to an exchange or a queue of RabbitMQ (AMQP 0-9-1), with the package `amqplib`.
 *
 * @throws InvalidOptionsError
 * @publicApi
 */
export function rabbitmqTarget(options: RabbitMqTargetOptions): RelayTargetFactory {
  const settings = rabbitMqSettings(options);
  return () => new RabbitMqTarget(settings);
}

/** RabbitMQ does not tell what it has: there is no `lastSent`. */
class RabbitMqTarget implements RelayTarget {
  readonly label: string;
  readonly #settings: RabbitMqSettings;
  #session: RabbitMqSession | undefined;
  #isClosed = false;

  constructor(settings: RabbitMqSettings) {
    this.#settings = settings;
    this.label = labelOf(settings);
  }

  async open(_relay: RelayIdentity, signal: AbortSignal): Promise<void> {
    if (this.#session?.isLost === false) return;
    await this.#drop();
    const driver = await loadRabbitMqDriver();
    const opening = RabbitMqSession.open(driver, this.#settings);
    try {
      const session = await unlessAborted(signal, () => opening);
      if (this.#isClosed) throw new TargetUnavailableError(`The ${this.label} is closed.`);
      this.#session = session;
    } catch (error) {
      // It may still come, after the call has given it up.
      opening.then(closed, () => undefined);
      throw explained(error, this.label, this.#settings);
    }
  }

  async send(facts: readonly RelayedFact[], signal: AbortSignal): Promise<void> {
    const session = this.#session;
    if (session === undefined) throw new TargetUnavailableError(`The ${this.label} is not open.`);
    try {
      const messages = facts.map((each) => messageOf(each, this.#settings));
      await unlessAborted(signal, () => session.send(messages));
    } catch (error) {
      const { blocked } = session;
      // What the call has sent may still be confirmed: nothing of it must meet the next call's.
      if (session.isLost || signal.aborted) await this.#drop();
      if (blocked === undefined) throw explained(error, this.label, this.#settings);
      throw new TargetUnavailableError(
        `The ${this.label} takes no messages now: the server is short of resources (${blocked}).`,
        { cause: error },
      );
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#drop();
  }

  async #drop(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) await closed(session);
  }
}

/** A server that is frozen or blocked does not answer. */
async function closed(session: RabbitMqSession): Promise<void> {
  await within(CLOSING_MS, session.close()).catch(() => undefined);
}
