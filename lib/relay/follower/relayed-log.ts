import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { EventRecord } from '../../contract/contract.types.js';
import { DamagedDatabaseError } from '../../contract/errors.js';
import type { CursorStore } from '../../cursors/cursor-store.js';
import { CommitSignal } from '../../streams/commit-signal.js';
import type { CommittedBatch, LogPage, LogSource } from '../../streams/log-source.js';
import type { CloudEvent } from '../cloud-event.js';
import { read } from '../nats/event-message.js';
import { natsError } from '../nats/relay-link.js';

/** Places of events that are remembered, at most. */
const MAX_PLACES = 2_000;

/**
 * The log as a relay left it in a stream: with the numbers of the source, with gaps where the relay's query left facts
 * out, and in the appends that they were committed in. An append of which events are still to come is not there yet.
 */
export class RelayedLog implements LogSource {
  readonly cursorStore: CursorStore;
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #label: string;
  readonly #commits: CommitSignal;
  /** The place in the stream of events that were read, by their numbers. */
  readonly #places = new Map<bigint, number>();
  #seen = 0;

  constructor(
    manager: JetStreamManager,
    stream: string,
    label: string,
    cursorStore: CursorStore,
    pollInterval: number,
  ) {
    this.#manager = manager;
    this.#stream = stream;
    this.#label = label;
    this.cursorStore = cursorStore;
    this.#commits = new CommitSignal(() => {
      const timer = setInterval(() => void this.#poll(), pollInterval);
      return () => clearInterval(timer);
    });
  }

  async head(): Promise<bigint> {
    const { first, last } = await this.#ends();
    for (let place = last; place >= first && place > 0; place--) {
      const event = await this.#eventAt(place);
      if (event.batchend === event.id) return BigInt(event.id);
    }
    return 0n;
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
      if (last === this.#seen) return;
      this.#seen = last;
      this.#commits.emit();
    } catch {
      // The next look tells; reading reports what fails.
    }
  }

  /** The places of the first and the newest message; 0 in an empty stream. */
  async #ends(): Promise<{ readonly first: number; readonly last: number }> {
    try {
      const { state } = await this.#manager.streams.info(this.#stream);
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
    let [low, high] = [first, last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (BigInt((await this.#eventAt(middle)).id) > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  async #messages(seq: number, batch: number): Promise<StoredMsg[]> {
    const messages: StoredMsg[] = [];
    try {
      for await (const message of await this.#manager.direct.getBatch(this.#stream, {
        seq,
        batch,
      })) {
        messages.push(message);
      }
    } catch (error) {
      throw natsError(error, this.#label);
    }
    return messages;
  }

  async #eventAt(seq: number): Promise<CloudEvent> {
    let message: StoredMsg | null;
    try {
      message = await this.#manager.direct.getMessage(this.#stream, { seq });
    } catch (error) {
      throw natsError(error, this.#label);
    }
    if (message === null) throw this.#damaged(seq);
    return this.#eventOf(message);
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
