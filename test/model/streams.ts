import type {
  EventQuery,
  EventRecord,
  EventStreamSubscription,
} from '../../lib/contract/contract.types.js';
import { rowText } from './log-model.js';
import type { LogModel, ModelFact } from './log-model.js';
import { TestHandler } from './test-handler.js';
import type { HandlerPlan, HandlerWorld } from './test-handler.js';

/** Where failures of handlers have to show up: as reports, or as registrations that reject. */
export interface FailureCount {
  failures: number;
}

/** A live stream, and what it has to be given. */
export class LiveStream {
  readonly handler: TestHandler;
  readonly owner: object;
  readonly #log: LogModel;
  readonly #query: EventQuery;
  /** Everything after this was committed after the call; nothing before may be delivered. */
  readonly #earliest: number;
  /** Everything after this must be delivered. */
  #latest: number;
  #sawOwn = false;
  started = false;
  subscription: EventStreamSubscription | undefined;
  /** The place of the next matching batch; unknown until the first one came. */
  #next: number | undefined;

  constructor(
    name: string,
    query: EventQuery,
    plan: HandlerPlan,
    owner: object,
    world: HandlerWorld & { readonly log: LogModel; readonly acknowledged: number },
    count: FailureCount,
  ) {
    this.owner = owner;
    this.#log = world.log;
    this.#query = query;
    this.#earliest = world.acknowledged;
    this.#latest = world.log.length;
    this.handler = new TestHandler(name, plan, world, {
      take: (events) => this.#take(events),
      done: (succeeded) => {
        // Also of a stream that was stopped meanwhile: the delivery was its own.
        if (!succeeded) count.failures++;
      },
    });
  }

  /** Its store object appends: from here on nothing may be missing. */
  own(): void {
    this.#sawOwn = true;
  }

  /** Somebody else has appended: it may be missing as long as the head was not looked up. */
  foreign(): void {
    if (!this.started && !this.#sawOwn) this.#latest = this.#log.length;
  }

  get isDone(): boolean {
    if (this.handler.stopped) return true;
    const batches = this.#log.matchingBatches(this.#query);
    return (
      !this.handler.busy && (this.#next ?? placeAfter(batches, this.#latest)) >= batches.length
    );
  }

  #take(events: readonly EventRecord[]): string | undefined {
    const batches = this.#log.matchingBatches(this.#query);
    let place = this.#next;
    if (place === undefined) {
      place = batches.findIndex((batch) => BigInt(batch[0]!.number) === events[0]?.sequence_number);
      if (place < placeAfter(batches, this.#earliest)) return `it begins after ${this.#earliest}`;
      const due = placeAfter(batches, this.#latest);
      if (place > due) return `[${numbersOf(batches[due])}] is missing before it`;
    }
    this.#next = place + 1;
    return difference(events, batches[place]);
  }
}

/** A durable stream's name: what was handled under it, by one registration after the other. */
export class DurableName {
  readonly name: string;
  readonly #log: LogModel;
  /** As it was first registered with. */
  query: EventQuery | undefined;
  /** How many matching batches were handled. */
  handled = 0;
  run: DurableRun | undefined;

  constructor(name: string, log: LogModel) {
    this.name = name;
    this.#log = log;
  }

  get batches(): ModelFact[][] {
    return this.#log.matchingBatches(this.query!);
  }

  /** Between which two numbers the stored cursor has to be. */
  get range(): [low: number, high: number] {
    const { batches } = this;
    const last = batches[this.handled - 1]?.at(-1)?.number;
    const next = batches[this.handled]?.[0]?.number;
    return [
      last === undefined ? 0 : this.#log.endOfBatch(last),
      next === undefined ? this.#log.length : this.#log.lengths.findLast((end) => end < next)!,
    ];
  }

  /** Whether everything up to a number was handled. */
  hasReached(length: number): boolean {
    const next = this.batches[this.handled]?.[0]?.number;
    return next === undefined || next > length;
  }
}

/** One registration of a durable stream's name. */
export class DurableRun {
  readonly handler: TestHandler;
  readonly owner: object;
  state: 'registering' | 'running' | 'stopped' | 'failed' = 'registering';
  subscription: EventStreamSubscription | undefined;

  constructor(
    durable: DurableName,
    owner: object,
    plan: HandlerPlan,
    world: HandlerWorld,
    count: FailureCount,
  ) {
    this.owner = owner;
    this.handler = new TestHandler(`durable ${durable.name}`, plan, world, {
      take: (events) => {
        if (this.state === 'failed') return 'it had failed before';
        return difference(events, durable.batches[durable.handled]);
      },
      done: (succeeded) => {
        if (succeeded) durable.handled++;
        else if (this.state !== 'stopped') {
          this.state = 'failed';
          count.failures++;
        }
      },
    });
  }

  get isActive(): boolean {
    return this.state === 'registering' || this.state === 'running';
  }

  stop(): void {
    this.handler.stop();
    if (this.isActive) this.state = 'stopped';
  }
}

function difference(
  events: readonly EventRecord[],
  batch: readonly ModelFact[] | undefined,
): string | undefined {
  const given = events.map((event) => rowText({ ...event, number: Number(event.sequence_number) }));
  const wanted = (batch ?? []).map(rowText);
  if (given.join('\n') === wanted.join('\n')) return undefined;
  if (batch === undefined) return 'nothing was due';
  return `due was [${numbersOf(batch)}], with ${wanted.join(' ')}; it got ${given.join(' ')}`;
}

function placeAfter(batches: readonly (readonly ModelFact[])[], number: number): number {
  const place = batches.findIndex((batch) => batch[0]!.number > number);
  return place === -1 ? batches.length : place;
}

function numbersOf(batch: readonly ModelFact[] | undefined): string {
  return (batch ?? []).map(({ number }) => number).join(', ');
}
