import type { Round } from './round.js';
import type { StoreOptions } from './storage.js';
import { until } from '../../support/waiting/until.js';
import { TestProcess } from '../../support/child-process.js';
import type { Delivery, RecordedCall, RecordedStream } from '../../support/history/checker.js';
import type { ParticipantStream, ParticipantTask, Told } from '../processes/participant.js';
import { readCalls, readDeliveries } from '../../support/history/journal.js';

/** A process that appends, decides and runs streams. */
export class Participant {
  readonly streams: readonly ParticipantStream[];
  readonly #file: string;
  readonly #child: TestProcess;
  readonly #reached = new Map<string, number>();
  #began: Readonly<Record<string, readonly [number, number]>> | undefined;
  #state: 'busy' | 'quiet' | 'stopped' = 'busy';
  /** How its talk ended. */
  #ended: string | undefined;

  private constructor(task: ParticipantTask, child: TestProcess) {
    this.streams = task.streams;
    this.#file = task.file;
    this.#child = child;
  }

  /** Its streams run when it resolves. */
  static async start(
    round: Round,
    options: StoreOptions,
    contexts: number,
    streams: readonly ParticipantStream[],
  ): Promise<Participant> {
    const client = round.name('participant');
    const file = await round.file(`${client}.record`);
    const seed = round.random.seed();
    const task: ParticipantTask = { client, options, file, seed, streams, contexts };
    const script = new URL('../processes/participant.ts', import.meta.url);
    const participant = new Participant(task, new TestProcess(script, task));
    round.later(() => participant.kill());
    void participant.#listen();
    await participant.#until(
      () => participant.#began !== undefined,
      () => `${client} to run`,
    );
    return participant;
  }

  /** Waits until the stream was given that fact or a later one. */
  async reaches(stream: string, sequenceNumber: number): Promise<void> {
    await this.#until(
      () => (this.#reached.get(stream) ?? 0) >= sequenceNumber,
      () => `${stream} to reach fact ${sequenceNumber}; it is at ${this.#reached.get(stream)}`,
    );
  }

  /** Waits until a stream was given something that comes after all that it had. */
  async goesOn(stream: string): Promise<void> {
    await this.reaches(stream, (this.#reached.get(stream) ?? 0) + 1);
  }

  /** Ends its calls; its streams go on. */
  async quiet(): Promise<void> {
    this.#child.send('quiet');
    await this.#until(
      () => this.#state === 'quiet',
      () => 'a participant to make no more calls',
    );
  }

  /** Ends its streams too, and closes its store. */
  async stop(): Promise<void> {
    if (this.#state === 'busy') await this.quiet();
    this.#child.send('stop');
    await this.#until(
      () => this.#state === 'stopped',
      () => 'a participant to stop',
    );
    await this.#child.exited;
  }

  async kill(): Promise<void> {
    await this.#child.kill();
  }

  /** Whole when it has ended. */
  get calls(): RecordedCall[] {
    return readCalls(this.#file);
  }

  deliveries(stream: string): Delivery[] {
    return readDeliveries(this.#file, stream);
  }

  /** One of its live streams, as histories have them. */
  live(stream: string): RecordedStream {
    const { query } = this.streams.find(({ name }) => name === stream)!;
    return { name: stream, query, after: this.#began![stream]!, runs: [this.deliveries(stream)] };
  }

  async #until(condition: () => boolean, what: () => string): Promise<void> {
    await until(() => {
      const holds = condition();
      if (!holds && this.#ended !== undefined) throw new Error(this.#ended);
      return holds;
    }, what);
  }

  async #listen(): Promise<void> {
    for (;;) {
      try {
        const told = await this.#child.next<Told | 'quiet' | 'stopped'>();
        if (typeof told === 'string') this.#state = told;
        else if ('running' in told) this.#began = told.running;
        else this.#reached.set(told.stream, told.last);
      } catch (error) {
        this.#ended = (error as Error).message;
        return;
      }
    }
  }
}
