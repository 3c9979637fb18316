import type { AppendCall, AppendIfCall, Outcome } from '../../support/history/checker.js';
import { TestProcess } from '../../support/child-process.js';
import type { WriterTask } from '../processes/writer.js';
import { readCalls } from '../../support/history/journal.js';
import type { JournalCall } from '../../support/history/journal.js';
import type { Round } from './round.js';
import type { StoreOptions } from './storage.js';
import { until } from '../../support/waiting/until.js';

type Settings = Partial<Omit<WriterTask, 'client' | 'options' | 'journal' | 'seed'>> & {
  environment?: NodeJS.ProcessEnv;
};

/** A process that writes. */
export class Writer {
  readonly client: string;
  readonly #journal: string;
  readonly #child: TestProcess;
  readonly #made = new Map<string, number>();
  /** How its talk ended, where it did by itself. */
  #ended: string | undefined;
  #loaded = false;
  #stopped = false;
  /** It has made all of its calls. */
  #finished = false;
  #expectsEnd = false;

  private constructor(client: string, journal: string, child: TestProcess) {
    this.client = client;
    this.#journal = journal;
    this.#child = child;
  }

  /** Starts it; it writes at once. */
  static async start(
    round: Round,
    options: StoreOptions,
    { environment, ...settings }: Settings = {},
  ): Promise<Writer> {
    const client = round.name('writer');
    const journal = await round.file(`${client}.journal`);
    const task: WriterTask = {
      named: false,
      lanes: 3,
      calls: 1_500,
      think: 4,
      repeat: [],
      padding: 0,
      most: 5,
      reads: true,
      gated: false,
      ...settings,
      client,
      options,
      journal,
      seed: round.random.seed(),
    };
    const script = new URL('../processes/writer.ts', import.meta.url);
    const child = new TestProcess(script, task, environment);
    const writer = new Writer(client, journal, child);
    round.later(() => writer.kill());
    void writer.#listen();
    return writer;
  }

  /** Waits until it has everything but the store. */
  async loaded(): Promise<void> {
    await until(
      () => this.#loaded || this.#ended !== undefined,
      () => `${this.client} to be loaded`,
    );
  }

  /** Lets one that is `gated` begin. */
  go(): void {
    this.#child.send('go');
  }

  /** How many calls had such an outcome, or any. */
  made(kind?: Outcome['kind'], code?: string): number {
    let sum = 0;
    for (const [key, count] of this.#made) {
      const [madeKind, madeCode] = key.split(' ');
      if (kind !== undefined && madeKind !== kind) continue;
      if (code === undefined || madeCode === code) sum += count;
    }
    return sum;
  }

  /** Waits until so many more calls came to an outcome, or it has made all of its calls. */
  async makes(more: number, kind?: Outcome['kind'], code?: string): Promise<void> {
    const goal = this.made(kind, code) + more;
    await until(
      () => {
        if (this.#ended !== undefined) throw new Error(`${this.client}: ${this.#ended}`);
        return this.#finished || this.made(kind, code) >= goal;
      },
      () =>
        `${this.client} to make ${more} calls ${kind ?? ''} ${code ?? ''}; it made ${JSON.stringify([...this.#made])}`,
    );
  }

  /** Its calls, from the journal. Whole when it has ended. */
  get calls(): JournalCall[] {
    return readCalls(this.#journal);
  }

  /** The appends whose outcome nobody was told. */
  unanswered(): (AppendCall | AppendIfCall)[] {
    return this.calls.flatMap(({ call, outcome }) =>
      outcome === undefined && call.kind !== 'query' ? [call] : [],
    );
  }

  /** Lets it finish what it does, and waits for its end. */
  async stop(): Promise<void> {
    this.#expectsEnd = true;
    this.#child.send('stop');
    await until(
      () => this.#stopped || this.#ended !== undefined,
      () => `${this.client} to stop`,
    );
    await this.#child.exited;
    if (!this.#stopped) throw new Error(`${this.client}: ${this.#ended}`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#expectsEnd = true;
    await this.#child.kill(signal);
  }

  /** What it says when it ended although nobody told it to. */
  get crash(): string | undefined {
    return this.#expectsEnd ? undefined : this.#ended;
  }

  async #listen(): Promise<void> {
    for (;;) {
      try {
        const told = await this.#child.next<string | { made: string; code?: string }>();
        if (told === 'loaded') this.#loaded = true;
        if (told === 'stopped') this.#stopped = true;
        if (told === 'finished') this.#finished = true;
        if (typeof told === 'string') continue;
        const key = told.code === undefined ? told.made : `${told.made} ${told.code}`;
        this.#made.set(key, (this.#made.get(key) ?? 0) + 1);
      } catch (error) {
        this.#ended = (error as Error).message;
        return;
      }
    }
  }
}
