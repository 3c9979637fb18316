import { Logger } from '@nestjs/common';
import { within } from '../../support/async/turns.js';
import { unlessAborted } from '../../support/async/unless-aborted.js';
import type {
  LastSent,
  RelayedFact,
  RelayIdentity,
  RelayTarget,
  RelayTargetFactory,
} from '../relay-target.js';
import { TargetUnavailableError } from '../relay.errors.js';
import { KafkaCluster } from './connection/kafka.cluster.js';
import { loadKafkaDriver } from './connection/kafka.driver.js';
import { readyTopic } from './connection/kafka.topic.js';
import { explained } from './kafka.errors.js';
import type { KafkaTargetOptions } from './kafka.options.js';
import { recordOf, requestsOf } from './kafka.records.js';
import { KafkaSession } from './kafka.session.js';
import { checkedKafkaOptions, settingsOf } from './kafka.settings.js';
import type { KafkaSettings } from './kafka.settings.js';

/** How long connections may take to close. */
const CLOSING_MS = 2_000;

/** What is open, from one failure to the next. */
interface Opened {
  readonly cluster: KafkaCluster;
  readonly session: KafkaSession;
  readonly settings: KafkaSettings;
}

/**
 * Relays facts to a topic of Kafka (3.0 or newer, and what speaks its protocol), with the package `@platformatic/kafka`.
 *
 * @throws InvalidOptionsError
 * @publicApi
 */
export function kafkaTarget(options: KafkaTargetOptions): RelayTargetFactory {
  const checked = checkedKafkaOptions(options);
  return () => new KafkaTarget(checked);
}

class KafkaTarget implements RelayTarget {
  readonly label: string;
  readonly #options: KafkaTargetOptions;
  readonly #logger = new Logger('FactstrRelay');
  #opened: Opened | undefined;
  #isClosed = false;

  constructor(options: KafkaTargetOptions) {
    this.#options = options;
    this.label = `topic "${options.topic}" on kafka://${options.brokers.join(',')}`;
  }

  async open(relay: RelayIdentity, signal: AbortSignal): Promise<void> {
    if (this.#opened !== undefined) return;
    const settings = settingsOf(this.#options, relay);
    const cluster = new KafkaCluster(await loadKafkaDriver(), settings);
    try {
      const session = await unlessAborted(signal, () => this.#session(cluster, settings));
      if (this.#isClosed) throw new TargetUnavailableError(`The ${this.label} is closed.`);
      this.#opened = { cluster, session, settings };
    } catch (error) {
      await closed(cluster);
      throw explained(error, this.label, settings);
    }
  }

  async lastSent(signal: AbortSignal): Promise<LastSent | undefined> {
    return this.#using(signal, ({ session }) => session.place());
  }

  async send(facts: readonly RelayedFact[], signal: AbortSignal): Promise<void> {
    await this.#using(signal, async ({ cluster, session, settings }) => {
      const { topic } = session;
      const records = facts.map((each) => recordOf(each, topic, cluster.driver, settings));
      let sent = 0;
      for (const request of requestsOf(records, topic.maxBatchBytes)) {
        signal.throwIfAborted();
        sent += request.length;
        await session.send(request, facts[sent - 1]!.event);
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#drop();
  }

  async #session(cluster: KafkaCluster, settings: KafkaSettings): Promise<KafkaSession> {
    const topic = await readyTopic(cluster, settings);
    for (const danger of topic.dangers) this.#logger.warn(danger);
    return KafkaSession.open(cluster, settings, topic);
  }

  /** Gives up what is open at its first failure, so that nothing is sent any more by what has failed. */
  async #using<T>(signal: AbortSignal, work: (opened: Opened) => Promise<T>): Promise<T> {
    const opened = this.#opened;
    if (opened === undefined) throw new TargetUnavailableError(`The ${this.label} is not open.`);
    try {
      return await unlessAborted(signal, () => work(opened));
    } catch (error) {
      await this.#drop();
      throw explained(error, this.label, opened.settings);
    }
  }

  async #drop(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened !== undefined) await closed(opened.cluster);
  }
}

/** A broker that is frozen does not end its connections. */
async function closed(cluster: KafkaCluster): Promise<void> {
  await within(CLOSING_MS, cluster.close()).catch(() => undefined);
}
