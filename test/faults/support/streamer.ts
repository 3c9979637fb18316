import type { RecordedStream } from '../../history/checker.js';
import { TestProcess } from '../../support/child-process.js';
import type { Delivered, StreamerTask } from '../processes/streamer.js';
import { readEntries } from './journal.js';
import type { Round } from './round.js';
import type { StoreOptions } from './storage.js';
import { waitFor } from './waiting.js';

/** A process with a live and a durable stream over every fact. */
export class Streamer {
  readonly #journal: string;
  readonly #child: TestProcess;
  readonly #reached = { live: 0, durable: 0 };
  #ended: string | undefined;
  #state: 'starting' | 'running' | 'stopped' = 'starting';

  private constructor(journal: string, child: TestProcess) {
    this.#journal = journal;
    this.#child = child;
  }

  /** Running when it resolves: with an empty log, its streams are to be given everything. */
  static async start(round: Round, options: StoreOptions): Promise<Streamer> {
    const journal = await round.file(`${round.name('streamer')}.journal`);
    const task: StreamerTask = { options, journal };
    const script = new URL('../processes/streamer.ts', import.meta.url);
    const streamer = new Streamer(journal, new TestProcess(script, task));
    round.later(() => streamer.#child.kill());
    void streamer.#listen();
    await streamer.#is('running');
    return streamer;
  }

  /** Waits until both streams were given the fact. */
  async reaches(sequenceNumber: number): Promise<void> {
    await waitFor(
      () => {
        this.#checkAlive();
        return Math.min(this.#reached.live, this.#reached.durable) >= sequenceNumber;
      },
      () => `fact ${sequenceNumber}; the streams are at ${JSON.stringify(this.#reached)}`,
    );
  }

  /** Ends it, and tells what its streams were given. */
  async stop(): Promise<RecordedStream[]> {
    this.#child.send('stop');
    await this.#is('stopped');
    await this.#child.exited;
    const delivered = readEntries<Delivered>(this.#journal);
    return (['live', 'durable'] as const).map((name) => ({
      name,
      query: {},
      after: 0,
      runs: [delivered.filter(({ stream }) => stream === name).map(({ numbers }) => numbers)],
    }));
  }

  async #is(state: 'running' | 'stopped'): Promise<void> {
    await waitFor(
      () => {
        if (this.#state !== state) this.#checkAlive();
        return this.#state === state;
      },
      () => `the streams to be ${state}`,
    );
  }

  #checkAlive(): void {
    if (this.#ended !== undefined) throw new Error(`The streams’ process: ${this.#ended}`);
  }

  async #listen(): Promise<void> {
    for (;;) {
      try {
        const told = await this.#child.next<
          'running' | 'stopped' | { stream: 'live' | 'durable'; last: number }
        >();
        if (typeof told === 'string') this.#state = told;
        else this.#reached[told.stream] = told.last;
      } catch (error) {
        this.#ended = (error as Error).message;
        return;
      }
    }
  }
}
