import type { EventRecord } from '../../../lib/contract/contract.types.js';
import { EVERY_FACT } from '../../../lib/contract/validation.js';
import { startDurableStream } from '../../../lib/streams/durable-stream.js';
import { leaseOptions } from '../../../lib/cursors/lease.js';
import type { StreamHost } from '../../../lib/streams/live-stream.js';
import { LogReader } from '../../../lib/streams/reader/log-reader.js';
import { OpenStreams } from '../../../lib/streams/open-streams.js';
import { FactstrMemoryStore } from '../../../lib/stores/memory/store.js';
import { facts, numbers } from '../../support/facts/facts.js';
import { settle } from '../../support/waiting/until.js';
import { SlowLog } from '../../support/streams/slow-log.js';
import { SteppedCursorStore } from '../../support/streams/stepped-cursor-store.js';

export const TTL = 900;

type Handle = (numbers: number[]) => unknown;

/** How a registration fares. */
export interface Registration {
  /** `running`, or the code (or message) of the error that it rejected with; absent until then. */
  outcome: string | undefined;
  /** The error's. */
  message?: string;
  readonly stop: AbortController;
  /** Whether the stream has ended, once it ran. */
  ended: boolean;
}

/** Durable streams over a memory store's log, whose cursor store answers when the test says. */
export class DurableStreams {
  readonly store = new FactstrMemoryStore();
  readonly log = new SlowLog(this.store.log);
  readonly stepped = new SteppedCursorStore(this.store.log.cursorStore);
  /** What is stored, without steps. */
  readonly stored = this.store.log.cursorStore;
  /** What was delivered, call by call. */
  readonly delivered: number[][] = [];
  /** The codes, or messages, of what was reported. */
  readonly reported: string[] = [];
  readonly messages: string[] = [];
  /** How many listen for commits. */
  listening = 0;
  readonly #stops: AbortController[] = [];
  readonly #host: StreamHost;

  constructor(head = 0) {
    if (head > 0) this.append(head);
    const { log, stepped } = this;
    const source = {
      head: () => log.head(),
      readBatches: log.readBatches.bind(log),
      readPage: log.readPage.bind(log),
      onCommit: (wake: (first?: bigint) => void): (() => void) => {
        const unlisten = log.onCommit(wake);
        this.listening++;
        return () => {
          this.listening--;
          unlisten();
        };
      },
      cursorStore: stepped.cursorStore,
    };
    this.#host = {
      source,
      reader: new LogReader(source),
      closed: new AbortController().signal,
      streams: new OpenStreams(),
      lease: leaseOptions(TTL),
      report: (error) => {
        this.reported.push(told(error));
        this.messages.push((error as Error).message);
      },
    };
  }

  /** Appends facts, each by itself. */
  append(count: number): void {
    for (let n = 0; n < count; n++) this.store.append(facts(1));
  }

  /** Registers the name `s`. */
  register(handle: Handle = () => undefined, query = EVERY_FACT): Registration {
    const stop = new AbortController();
    this.#stops.push(stop);
    const registration: Registration = { outcome: undefined, stop, ended: false };
    const call = (records: EventRecord[]): never => {
      this.delivered.push(numbers(records));
      return handle(numbers(records)) as never;
    };
    void startDurableStream(this.#host, 's', query, call, stop).then(
      async ({ ended }) => {
        registration.outcome = 'running';
        await ended;
        registration.ended = true;
      },
      (error: unknown) => {
        registration.outcome = told(error);
        registration.message = (error as Error).message;
      },
    );
    return registration;
  }

  async registered(...values: Parameters<DurableStreams['register']>): Promise<Registration> {
    const registration = this.register(...values);
    await settle();
    return registration;
  }

  /** Ends what runs. */
  async end(): Promise<void> {
    for (const stop of this.#stops) stop.abort();
    await settle();
  }
}

function told(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code ?? message;
}
