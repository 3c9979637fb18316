import type { StoredMsg } from '@nats-io/jetstream';
import type { EventRecord } from '../../contract/contract.types.js';
import { DamagedDatabaseError } from '../../contract/errors.js';
import type { CursorStore } from '../../cursors/cursor-store.js';
import { CommitSignal } from '../../streams/commit-signal.js';
import type { CommittedBatch, LogPage, LogSource } from '../../streams/log-source.js';
import type { CloudEvent } from '../cloud-event.js';
import { read } from '../nats/event-message.js';
import { natsError } from '../nats/relay-link.js';
import type { RelayLink } from '../nats/relay-link.js';
import { TargetUnavailableError } from '../relay.errors.js';
import { StreamAlarm } from './stream-alarm.js';

/** Places of events that are remembered, at most. */
const MAX_PLACES = 2_000;
/** For how long a server that answers with several messages may be silent between two, in milliseconds. */
const MAX_SILENCE_MS = 5_000;

/**
 * The log as a relay left it in a stream: with the numbers of the source, with gaps where the relay's query left facts
 * out, and in the appends that they were committed in. An append of which events are still to come is not there yet.
 */
export class RelayedLog implements LogSource {
  readonly cursorStore: CursorStore;
  readonly #link: RelayLink;
  readonly #stream: string;
  readonly #label: string;
  readonly #commits: CommitSignal;
  /** The place in the stream of events that were read, by their numbers. */
  readonly #places = new Map<bigint, number>();
  /** The newest place that was told of. */
  #seen = 0;

  /** `pollInterval`: how often it looks for events that its consumer does not tell of, in milliseconds. */
  constructor(
    link: RelayLink,
    stream: string,
    label: string,
    cursorStore: CursorStore,
    pollInterval: number,
  ) {
    this.#link = link;
    this.#stream = stream;
    this.#label = label;
    this.cursorStore = cursorStore;
    this.#commits = new CommitSignal(() => {
      const alarm = new StreamAlarm(link, stream, (place) => this.#tell(place)).start();
      const timer = setInterval(() => void this.#poll(), pollInterval);
      return () => {
        clearInterval(timer);
        alarm.stop();
      };
    });
  }

  async head(): Promise<bigint> {
    const { first, last } = await this.#ends();
    if (last === 0) return 0n;
    const { id, batchend } = await this.#eventAt(last);
    if (batchend === id) return BigInt(id);
    // Of the newest append events are still to come: the one before it is the head.
    const begin = await this.#firstPlace(
      (event) => BigInt(event.batchend) >= BigInt(batchend),
      first,
      last,
    );
    return begin === first ? 0n : BigInt((await this.#eventAt(begin - 1)).id);
  }

  async readBatches(after: bigint, limit: number): Promise<CommittedBatch[]> {
    return (await this.readPage(after, limit)).batches;
  }

  async readPage(after: bigint, limit: number): Promise<LogPage> {
    const { first, last } = await this.#ends();
    if (last === 0) return { at: null, batches: [] };
    const begin = await this.#placeAfter(after, first, last);
    const before = begin > first ? recordOf(await this.#eventAt(begin - 1)) : null;
    const at = before?.sequence_number === after ? before : null;
    const batches: CommittedBatch[] = [];
    let [facts, place] = [0, begin];
    let open: EventRecord[] = [];
    while (place <= last && (facts < limit || batches.length === 0)) {
      for (const message of await this.#messages(place, Math.max(limit, 100))) {
        const event = this.#eventOf(message);
        place = message.seq + 1;
        open.push(recordOf(event));
        if (event.batchend !== event.id) continue;
        if (batches.length > 0 && facts + open.length > limit) return { at, batches };
        batches.push({
          first_sequence_number: open[0]!.sequence_number,
          last_sequence_number: open.at(-1)!.sequence_number,
          event_records: open,
        });
        facts += open.length;
        open = [];
      }
    }
    return { at, batches };
  }

  onCommit(wake: () => void): () => void {
    return this.#commits.on(wake);
  }

  async #poll(): Promise<void> {
    try {
      const { last } = await this.#ends();
      if (last !== this.#seen) this.#tell(last);
    } catch {
      // The next look tells; reading reports what fails.
    }
  }

  #tell(place: number): void {
    this.#seen = place;
    this.#commits.emit();
  }

  /** The places of the first and the newest message; 0 in an empty stream. */
  async #ends(): Promise<{ readonly first: number; readonly last: number }> {
    try {
      const { state } = await this.#link.manager.streams.info(this.#stream);
      return state.messages === 0
        ? { first: 0, last: 0 }
        : { first: state.first_seq, last: state.last_seq };
    } catch (error) {
      throw natsError(error, this.#label);
    }
  }

  /** The place of the first event after a number, which may be the one after the newest. */
  async #placeAfter(number: bigint, first: number, last: number): Promise<number> {
    const known = this.#places.get(number);
    if (known !== undefined && known >= first && known <= last) {
      if (BigInt((await this.#eventAt(known)).id) === number) return known + 1;
    }
    return this.#firstPlace(({ id }) => BigInt(id) > number, first, last + 1);
  }

  /** The first place from `low` on whose event is so, as are all after it; `high` where none before it is. */
  async #firstPlace(
    isSo: (event: CloudEvent) => boolean,
    low: number,
    high: number,
  ): Promise<number> {
    let [from, to] = [low, high];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if (isSo(await this.#eventAt(middle))) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** Messages from a place on that has one: at least that. */
  async #messages(seq: number, batch: number): Promise<StoredMsg[]> {
    const messages: StoredMsg[] = [];
    const { direct } = this.#link.manager;
    let silence: NodeJS.Timeout | undefined;
    try {
      const found = await direct.getBatch(this.#stream, { seq, batch });
      // The client waits without an end for the rest of an answer whose connection broke.
      silence = setTimeout(() => found.stop(this.#silent()), MAX_SILENCE_MS);
      for await (const message of found) {
        messages.push(message);
        silence.refresh();
      }
    } catch (error) {
      throw natsError(error, this.#label);
    } finally {
      clearTimeout(silence);
    }
    return messages.length > 0 ? messages : [await this.#messageAt(seq)];
  }

  async #eventAt(seq: number): Promise<CloudEvent> {
    return this.#eventOf(await this.#messageAt(seq));
  }

  async #messageAt(seq: number): Promise<StoredMsg> {
    const { direct, streams } = this.#link.manager;
    try {
      // Any replica answers, also one that is behind: where it has none, the leader is asked.
      const message =
        (await direct.getMessage(this.#stream, { seq })) ??
        (await streams.getMessage(this.#stream, { seq }));
      if (message !== null) return message;
    } catch (error) {
      throw natsError(error, this.#label);
    }
    throw this.#damaged(seq);
  }

  #silent(): TargetUnavailableError {
    return new TargetUnavailableError(
      `The ${this.#label} cannot be read: the server began to answer, and fell silent.`,
    );
  }

  #eventOf(message: StoredMsg): CloudEvent {
    const event = read(message);
    if (event === undefined) throw this.#damaged(message.seq);
    const number = BigInt(event.id);
    if (!this.#places.has(number)) this.#places.set(number, message.seq);
    if (this.#places.size > MAX_PLACES) this.#places.delete(this.#places.keys().next().value!);
    return event;
  }

  #damaged(place: number): DamagedDatabaseError {
    return new DamagedDatabaseError(
      `The ${this.#label} has no event of a relay at ${place}: it is to be a relay's own, and nothing is to be deleted from its middle.`,
    );
  }
}

function recordOf({ id, time, type, data }: CloudEvent): EventRecord {
  return { sequence_number: BigInt(id), occurred_at: time, event_type: type, payload: data };
}
