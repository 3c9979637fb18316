import { writeFileSync } from 'node:fs';
import { TestProcess } from '../../support/child-process.js';
import type { AppendCall, AppendIfCall, Delivery } from '../../support/history/history.types.js';
import { readCalls, readDeliveries, readEntries } from '../../support/history/journal.js';
import type { JournalCall } from '../../support/history/journal.js';
import { until } from '../../support/waiting/until.js';
import type { ClientStatus, ClientTask, ViewContent } from '../processes/client.js';

/** A process with a store, that makes calls until it is told to stop. */
export class Client {
  readonly name: string;
  readonly #task: ClientTask;
  readonly #child: TestProcess;
  #status: ClientStatus | undefined;
  #content: ViewContent | undefined;
  #isQuiet = false;
  #isStopped = false;
  #ended: string | undefined;

  constructor(task: ClientTask) {
    this.name = task.client;
    this.#task = task;
    // Also one that is killed at once has a journal.
    writeFileSync(task.journal, '');
    this.#child = new TestProcess(new URL('../processes/client.ts', import.meta.url), task);
    void this.#listen();
  }

  get status(): ClientStatus | undefined {
    return this.#status;
  }

  /** Waits until it makes calls. */
  async runs(): Promise<void> {
    await this.until(
      () => this.#status !== undefined,
      () => 'to run',
    );
  }

  /** Waits until its streams were given that fact. */
  async reaches(fact: number): Promise<void> {
    await this.until(
      () => this.#status!.live >= fact && this.#status!.durable >= fact,
      () => `to reach fact ${fact}: ${JSON.stringify(this.#status)}`,
    );
  }

  /** Ends its calls; its streams go on. */
  async quiet(): Promise<void> {
    this.#child.send('quiet');
    await this.until(
      () => this.#isQuiet,
      () => 'to be quiet',
    );
  }

  /** What its view holds, read through a barrier. */
  async content(): Promise<ViewContent> {
    this.#child.send('content');
    await this.until(
      () => this.#content !== undefined,
      () => 'to tell its content',
    );
    return this.#content!;
  }

  async stop(): Promise<void> {
    this.#child.send('stop');
    await this.until(
      () => this.#isStopped,
      () => 'to stop',
    );
    await this.#child.exited;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#child.kill(signal);
  }

  /** Whole when it has ended. */
  get calls(): JournalCall[] {
    return readCalls(this.#task.journal);
  }

  /** Appends with ids of which it was not told what became of them. */
  unanswered(): (AppendCall | AppendIfCall)[] {
    return this.calls.flatMap(({ call, outcome }) => {
      if (outcome !== undefined || call.kind === 'query') return [];
      return call.appendId === undefined ? [] : [call];
    });
  }

  /** What the live stream was given, and after which fact it began. */
  live(): { after: readonly [number, number]; deliveries: readonly Delivery[] } | undefined {
    const after = this.#status?.after;
    const deliveries = readDeliveries(this.#task.journal, `live/${this.name}`);
    return after === undefined ? undefined : { after, deliveries };
  }

  /** What its registrations of the durable stream were given, one after the other. */
  durables(): (readonly Delivery[])[] {
    const names = new Set(
      readEntries<{ stream?: string }>(this.#task.journal).flatMap(({ stream }) =>
        stream?.startsWith(`${this.#task.durable}/`) === true ? [stream] : [],
      ),
    );
    return [...names].map((name) => readDeliveries(this.#task.journal, name));
  }

  /** What was reported beside the calls' outcomes. */
  reported(): string[] {
    return readEntries<{ reported?: string }>(this.#task.journal).flatMap(({ reported }) =>
      reported === undefined ? [] : [reported],
    );
  }

  async until(condition: () => boolean, what: () => string): Promise<void> {
    await until(
      () => {
        const holds = condition();
        if (!holds && this.#ended !== undefined) throw new Error(`${this.name}: ${this.#ended}`);
        return holds;
      },
      () => `${this.name} ${what()}`,
    );
  }

  async #listen(): Promise<void> {
    for (;;) {
      try {
        const told = await this.#child.next<ClientStatus | ViewContent | 'quiet' | 'stopped'>();
        if (told === 'quiet') this.#isQuiet = true;
        else if (told === 'stopped') this.#isStopped = true;
        else if ('digest' in told) this.#content = told;
        else this.#status = told;
      } catch (error) {
        this.#ended = (error as Error).message;
        return;
      }
    }
  }
}
