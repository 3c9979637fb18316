import { FactstrError } from '../../lib/contract/errors.js';
import type { MaybePromise } from '../../lib/contract/contract.types.js';
import type { ConformingStore, Database } from '../support/providers/provider.js';
import { until } from '../support/waiting/until.js';
import type { Face, FaceOf } from './faces.js';
import { LogModel } from './log-model.js';
import type { DurableName, LiveStream } from './streams.js';
import type { HandlerWorld } from './test-handler.js';

/** What a call ended with. */
export type Ended<T> = { readonly value: T } | { readonly code: string };

/** One store object, by the face that is used. */
export interface OpenStore {
  readonly store: ConformingStore;
  readonly face: Face;
}

/**
 * One database with its store objects and streams, beside the model of what it holds. Calls are not awaited: each
 * is checked when it is answered, against the model as it was when it was called.
 */
export class System implements HandlerWorld {
  readonly log = new LogModel();
  /** The length of the log that acknowledged calls have brought about. */
  acknowledged = 0;
  calling = false;
  readonly live: LiveStream[] = [];
  readonly durables = new Map<string, DurableName>();
  /** Failures of handlers, to be met by as many reports and rejected registrations. */
  readonly handlers = { failures: 0 };
  rejections = 0;
  readonly #database: Database;
  readonly #faceOf: FaceOf;
  readonly #problems: string[] = [];
  readonly #calls = new Set<Promise<void>>();
  readonly #registrations = new Set<Promise<void>>();
  readonly #stores: (OpenStore | undefined)[] = [];
  #writer: OpenStore | undefined;
  #reports = 0;
  #holding = true;
  #release: (() => void)[] = [];

  constructor(database: Database, faceOf: FaceOf) {
    this.#database = database;
    this.#faceOf = faceOf;
  }

  /** The first store object, or the one beside it, which is opened when it is first asked for. */
  async store(index: 0 | 1): Promise<OpenStore> {
    const opened = this.#stores[index];
    if (opened !== undefined) return opened;
    const store = await this.#database.open({ onStreamError: (error) => this.#report(error) });
    return (this.#stores[index] = { store, face: this.#faceOf(store) });
  }

  isOpen(index: 0 | 1): boolean {
    return this.#stores[index] !== undefined;
  }

  /** Appends of one store object commit in call order; those of two are made one after the other. */
  async writer(index: 0 | 1): Promise<OpenStore> {
    const store = await this.store(index);
    if (this.#writer !== store) await this.settleCalls();
    this.#writer = store;
    return store;
  }

  fail(what: string): void {
    this.#problems.push(what);
  }

  assertRight(): void {
    if (this.#problems.length === 0) return;
    throw new Error(this.#problems.splice(0).join('\n'));
  }

  /** Makes a call of a store, and checks it when it has ended. */
  call<T>(what: string, make: () => MaybePromise<T>, check: (ended: Ended<T>) => void): void {
    this.#make(this.#calls, what, make, check);
  }

  /** Makes a call that registers a durable stream: it may wait for handlers. */
  register<T>(what: string, make: () => MaybePromise<T>, check: (ended: Ended<T>) => void): void {
    this.#make(this.#registrations, what, make, check);
  }

  released(): Promise<void> {
    if (!this.#holding) return Promise.resolve();
    return new Promise((resolve) => this.#release.push(resolve));
  }

  /** Lets the handlers go on that are held now. */
  release(): void {
    for (const release of this.#release.splice(0)) release();
  }

  async settleCalls(): Promise<void> {
    while (this.#calls.size > 0) await Promise.all(this.#calls);
  }

  /** Awaits what has begun. */
  async settle(): Promise<void> {
    await this.settleCalls();
    this.#holding = false;
    this.release();
    const what = (): string => 'the registrations of durable streams to end';
    await until(() => this.#hasProblem || this.#registrations.size === 0, what);
    this.#holding = true;
    this.assertRight();
  }

  /** Awaits that all streams have been given all there is, and looks at the cursors. */
  async quiesce(): Promise<void> {
    await this.settle();
    this.#holding = false;
    this.release();
    for (const stream of this.live) {
      const what = (): string => `${stream.handler.name} to be given everything`;
      await until(() => this.#hasProblem || stream.isDone, what);
    }
    for (const durable of this.durables.values()) await this.#quiesceDurable(durable);
    const shown = (): number => this.#reports + this.rejections;
    await until(
      () => this.#hasProblem || shown() >= this.handlers.failures,
      () => `${this.handlers.failures} failures of handlers to show; ${shown()} did`,
    );
    if (shown() > this.handlers.failures)
      this.fail(`${shown()} failures were shown, where there were ${this.handlers.failures}`);
    this.#holding = true;
    this.assertRight();
  }

  /** Closes a store object and opens another one. Streams that run on it are stopped, whatever they do. */
  async reopen(index: 0 | 1): Promise<void> {
    await this.close(index);
    await this.store(index);
  }

  async close(index: 0 | 1): Promise<void> {
    await this.settleCalls();
    const open = this.#stores[index];
    if (open === undefined) return;
    const closing = open.face.close();
    for (const stream of this.live) if (stream.owner === open) stream.handler.stop();
    for (const { run } of this.durables.values()) if (run?.owner === open) run.stop();
    this.release();
    await closing;
    this.#stores[index] = undefined;
    await this.settle();
  }

  /** The whole log, as another store object finds it: facts, and the batches that they came in. */
  async checkStored(): Promise<void> {
    const { store } = await this.store(0);
    // A view of the log has then what every store appended.
    await store.query({ min_sequence_number: BigInt(this.log.length) });
    const batches = await store.log.readBatches(0n, Number.MAX_SAFE_INTEGER);
    const found = batches.map((batch) => [
      Number(batch.first_sequence_number),
      Number(batch.last_sequence_number),
    ]);
    const wanted = this.log.batches.map((batch) => [batch[0]!.number, batch.at(-1)!.number]);
    if (found.join(' ') !== wanted.join(' ')) {
      this.fail(`the log's batches are ${found.join(' ')}; they should be ${wanted.join(' ')}`);
    }
    this.assertRight();
  }

  get #hasProblem(): boolean {
    return this.#problems.length > 0;
  }

  async #quiesceDurable(durable: DurableName): Promise<void> {
    const { run, name } = durable;
    if (durable.query === undefined) return;
    await until(
      () => this.#hasProblem || run?.isActive !== true || durable.hasReached(this.log.length),
      () => `durable ${name} to be given everything, or to fail`,
    );
    await until(
      () => this.#hasProblem || run?.handler.busy !== true,
      () => `the handler of durable ${name} to end`,
    );
    const { store } = await this.store(0);
    let position = 0;
    const [low, high] = durable.range;
    await until(
      async () => {
        position = Number((await store.log.cursorStore.find(name))?.position ?? 0n);
        const reached = run?.isActive === true ? position === this.log.length : position >= low;
        return this.#hasProblem || reached || position > high;
      },
      () => `the cursor ${name} to reach ${low}; it stands at ${position}`,
    );
    if (position > high) this.fail(`the cursor ${name} is at ${position}, beyond ${high}`);
  }

  #make<T>(
    calls: Set<Promise<void>>,
    what: string,
    make: () => MaybePromise<T>,
    check: (ended: Ended<T>) => void,
  ): void {
    const checked = (ended: Ended<T>): void => {
      try {
        check(ended);
      } catch (error) {
        this.fail(`${what}: ${String(error)}`);
      }
    };
    const refused = (error: unknown): void => {
      if (error instanceof FactstrError) checked({ code: error.code });
      else this.fail(`${what}: ${String(error)}`);
    };
    this.calling = true;
    try {
      const made = make();
      if (!(made instanceof Promise)) return checked({ value: made });
      const call = made
        .then((value: T) => checked({ value }), refused)
        .finally(() => calls.delete(call));
      calls.add(call);
    } catch (error) {
      refused(error);
    } finally {
      this.calling = false;
    }
  }

  #report(error: FactstrError): void {
    if (error.code === 'STREAM_HANDLER_FAILED') this.#reports++;
    else this.fail(`a stream reported ${error.code}: ${error.message}`);
  }
}
