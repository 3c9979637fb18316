import type { RecordedStream } from '../../support/history/checker.js';
import { TestProcess } from '../../support/child-process.js';
import type { Delivered, StreamerTask, StreamerTold } from '../processes/streamer.js';
import { readEntries } from '../../support/history/journal.js';
import type { Round } from './round.js';
import type { StoreOptions } from './storage.js';
import { until } from '../../support/waiting/until.js';

interface Settings {
  /** How long its handlers take with a batch, until they are told to hurry. In milliseconds; default 0. */
  readonly slowness?: number;
  readonly environment?: NodeJS.ProcessEnv;
}

/** A process with a live and a durable stream over every fact. */
export class Streamer {
  /** How far its streams are. */
  readonly reached = { live: 0, durable: 0 };
  readonly #journal: string;
  readonly #child: TestProcess;
  #ended: string | undefined;
  #isRunning = false;
  #grown: number | undefined;

  private constructor(journal: string, child: TestProcess) {
    this.#journal = journal;
    this.#child = child;
  }

  /** Starts it; its durable stream begins at once. */
  static async launch(
    round: Round,
    options: StoreOptions,
    { slowness = 0, environment }: Settings = {},
  ): Promise<Streamer> {
    const journal = await round.file(`${round.name('streamer')}.journal`);
    const task: StreamerTask = { options, journal, slowness };
    const script = new URL('../processes/streamer.ts', import.meta.url);
    const streamer = new Streamer(journal, new TestProcess(script, task, environment));
    round.later(() => streamer.kill());
    void streamer.#listen();
    return streamer;
  }

  /** Running when it resolves: with an empty log, its streams are to be given everything. */
  static async start(
    round: Round,
    options: StoreOptions,
    settings: Settings = {},
  ): Promise<Streamer> {
    const streamer = await Streamer.launch(round, options, settings);
    await streamer.runs();
    return streamer;
  }

  /** Waits until its durable stream has replayed. */
  async runs(): Promise<void> {
    await this.#is(
      () => this.#isRunning,
      () => `the streams to run; they are at ${JSON.stringify(this.reached)}`,
    );
  }

  /** Waits until these streams were given the fact, as long as that takes while there is progress. */
  async reaches(
    sequenceNumber: number,
    streams: readonly Delivered['stream'][] = ['live', 'durable'],
  ): Promise<void> {
    const there = (): boolean => streams.every((stream) => this.reached[stream] >= sequenceNumber);
    while (!there()) {
      const before = JSON.stringify(this.reached);
      await this.#is(
        () => there() || JSON.stringify(this.reached) !== before,
        () => `fact ${sequenceNumber}; the streams are at ${before}`,
      );
    }
  }

  hurry(): void {
    this.#child.send('hurry');
  }

  /** Ends it, and tells what its streams were given. */
  async stop(): Promise<RecordedStream[]> {
    this.#child.send('stop');
    await this.#is(
      () => this.#grown !== undefined,
      () => 'the streams to be stopped',
    );
    await this.#child.exited;
    return (['live', 'durable'] as const).map((name) => ({
      name,
      query: {},
      after: 0,
      runs: [this.delivered(name)],
    }));
  }

  kill(): Promise<void> {
    return this.#child.kill();
  }

  /** What a stream was given, by delivery. Whole when the process has ended. */
  delivered(stream: Delivered['stream']): number[][] {
    return readEntries<Delivered>(this.#journal).flatMap((entry) =>
      entry.stream === stream ? [entry.numbers] : [],
    );
  }

  /** By how many bytes it grew at most since it was loaded; known when it has stopped. */
  get grown(): number {
    return this.#grown ?? Number.NaN;
  }

  async #is(isSo: () => boolean, what: () => string): Promise<void> {
    await until(() => {
      if (isSo()) return true;
      if (this.#ended !== undefined) throw new Error(`The streams’ process: ${this.#ended}`);
      return false;
    }, what);
  }

  async #listen(): Promise<void> {
    for (;;) {
      try {
        const told = await this.#child.next<StreamerTold>();
        if (told === 'running') this.#isRunning = true;
        else if ('grown' in told) this.#grown = told.grown;
        else this.reached[told.stream] = told.last;
      } catch (error) {
        this.#ended = (error as Error).message;
        return;
      }
    }
  }
}
