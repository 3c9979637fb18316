import { jest } from '@jest/globals';
import { EVERY_FACT } from '../../../lib/contract/validation.js';
import { LogReplacedError } from '../../../lib/contract/errors.js';
import { describeError } from '../../../lib/support/describe-error.js';
import { leaseOptions } from '../../../lib/cursors/lease.js';
import { startLiveStream } from '../../../lib/streams/live-stream.js';
import type { StreamHost } from '../../../lib/streams/live-stream.js';
import { LogReader, TRUSTED } from '../../../lib/streams/reader/log-reader.js';
import { OpenStreams } from '../../../lib/streams/open-streams.js';
import type { StreamSubscription } from '../../../lib/streams/stream-subscription.js';
import { Gate } from '../../support/inbox/inbox.js';
import { settle } from '../../support/waiting/until.js';
import { isComplete, nameOf } from './judge.js';
import { SteppedLog } from './stepped-log.js';
import type { OpenRead } from './stepped-log.js';

/** A live stream, what it was given, and between which places of the log it began. */
interface Followed {
  readonly given: string[];
  readonly log: number;
  readonly earliest: number;
  latest: number | undefined;
  /** Whether the store has appended before it had started: it must be given that, whatever the head was found to be. */
  sawOwn: boolean;
  started: boolean;
  handling: Gate | undefined;
  subscription: StreamSubscription;
  isEnded: boolean;
}

export type Step = keyof typeof STEPS;

/** Live streams over one stepped log, in stepped time, and all that may happen to them, one step after the other. */
export class StreamWorld {
  readonly log = new SteppedLog();
  readonly reported: unknown[] = [];
  readonly streams: Followed[] = [];
  readonly steps: string[] = [];
  readonly #host: StreamHost;
  /** The batches of each log that another one took the place of. */
  readonly #former: string[][] = [];
  #cutAt = 0;
  /** Whether a read took so long that what it found may be told of late. */
  #wasSlow = false;
  #late: string | undefined;
  isEnding = false;

  constructor() {
    this.#host = {
      source: this.log,
      reader: new LogReader(this.log),
      closed: new AbortController().signal,
      streams: new OpenStreams(),
      lease: leaseOptions(3_600_000),
      report: (error) => void this.reported.push(error),
    };
  }

  get names(): string[] {
    return this.log.batches.map(({ event_records }) => nameOf(event_records));
  }

  /** `isSlow`: its handler goes on at the step `handled`. */
  follow(isSlow: boolean): void {
    const stop = new AbortController();
    const followed: Omit<Followed, 'subscription'> & { subscription?: StreamSubscription } = {
      given: [],
      log: this.#former.length,
      earliest: this.log.batches.length,
      latest: undefined,
      sawOwn: false,
      started: false,
      handling: undefined,
      isEnded: false,
    };
    const subscription = startLiveStream(
      this.#host,
      EVERY_FACT,
      async (records) => {
        const name = nameOf(records);
        followed.given.push(name);
        this.#look(name);
        if (!isSlow || this.isEnding) return;
        followed.handling = new Gate();
        await followed.handling.passed;
      },
      stop,
    );
    followed.subscription = subscription;
    const start = (): void => {
      followed.started = true;
      followed.latest ??= this.log.batches.length;
    };
    subscription.started.then(start, () => {
      followed.isEnded = true;
    });
    this.streams.push(followed as Followed);
  }

  /** Takes a step where there is something to do; all that follows from it has happened then. */
  async take(step: Step): Promise<void> {
    if (!STEPS[step](this)) return;
    this.steps.push(step);
    await settle();
  }

  own(): boolean {
    for (const stream of this.streams) {
      if (stream.started || stream.sawOwn) continue;
      stream.latest = this.log.batches.length;
      stream.sawOwn = true;
    }
    this.log.appendOwn(1 + (this.steps.length % 3));
    return true;
  }

  /**
   * Not while the head is looked up that a stream begins at, or before the first page of one that begins at an own append
   * below the head that was found: it does not know a fact yet by which another log could be told. Nor under streams of
   * which some began in a log that the others have not noticed yet.
   */
  cut(batches: number): boolean {
    if (this.streams.some((stream) => isUnsure(stream) || stream.log > 0)) return false;
    this.#former.push(this.names);
    this.log.cut(batches);
    this.#cutAt = performance.now();
    return true;
  }

  later(): boolean {
    this.#wasSlow ||= this.log.open.length > 0;
    jest.advanceTimersByTime(TRUSTED + 1);
    return true;
  }

  /** Answers everything, tells of the commits once, and returns what is wrong then, if anything. */
  async end(): Promise<string | undefined> {
    this.isEnding = true;
    this.log.free();
    for (const { handling } of this.streams) handling?.open();
    await settle();
    // As a poll does, which finds what no notification told of. A read that failed is tried again within 5 s.
    this.log.commits.emit();
    for (let round = 0; round < 3; round++) {
      await settle();
      jest.advanceTimersByTime(5_000);
    }
    await settle();
    const wrong = this.#judge();
    for (const { subscription } of this.streams) subscription.unsubscribe();
    await Promise.all(this.streams.map(({ subscription }) => subscription.ended));
    return wrong === undefined ? undefined : `${wrong}, after ${this.steps.join(', ')}`;
  }

  #judge(): string | undefined {
    const logs = [...this.#former, this.names];
    if (this.#late !== undefined) return this.#late;
    for (const [index, { given, log, earliest, latest, isEnded }] of this.streams.entries()) {
      if (isEnded) continue;
      const begins = [];
      for (let passed = earliest; passed <= latest!; passed++) {
        if (passed <= logs[log]!.length) begins.push({ log, passed });
      }
      // Of several replacements in a row some are not noticed: then it is safe rather than exact.
      if (!isComplete(given, logs, begins, logs.length > 2)) {
        return `stream ${index} was given ${given.join(' ')} of ${logs.map((names) => names.join(' ')).join(' | ')}`;
      }
    }
    const odd = this.reported.find(
      (error) => error !== FAILURE && !(error instanceof LogReplacedError),
    );
    return odd === undefined ? undefined : `reported was ${describeError(odd)}`;
  }

  /** What is gone for longer than anything counts without another look is given to nobody. */
  #look(name: string): void {
    if (this.#wasSlow || this.names.includes(name) || performance.now() - this.#cutAt <= TRUSTED)
      return;
    this.#late ??= `${name} was delivered ${performance.now() - this.#cutAt} ms after it was gone`;
  }
}

function isUnsure({ started, sawOwn, given }: Followed): boolean {
  return !started || (sawOwn && given.length === 0);
}

export const FAILURE = new Error('The read failed.');

function answer(read: OpenRead | undefined): boolean {
  read?.answer();
  return read !== undefined;
}

const STEPS = {
  own: (world: StreamWorld) => world.own(),
  foreign: ({ log, steps }: StreamWorld) => log.append(1 + (steps.length % 3)) > 0n,
  tell: ({ log }: StreamWorld) => (log.commits.emit(), true),
  tellTwice: ({ log }: StreamWorld) => (log.commits.emit(), log.commits.emit(), true),
  answer: ({ log }: StreamWorld) => answer(log.open[0]),
  answerNewest: ({ log }: StreamWorld) => answer(log.open.at(-1)),
  fail: ({ log }: StreamWorld) => {
    const page = log.open.find(({ what }) => what === 'page');
    page?.fail(FAILURE);
    return page !== undefined;
  },
  handled: ({ streams }: StreamWorld) => {
    const slow = streams.find(({ handling }) => handling !== undefined);
    slow?.handling!.open();
    if (slow !== undefined) slow.handling = undefined;
    return slow !== undefined;
  },
  join: (world: StreamWorld) => {
    const { length } = world.streams;
    if (length < 4) world.follow(length % 2 === 1);
    return length < 4;
  },
  leave: ({ streams }: StreamWorld) => {
    const leaving = streams.find(({ isEnded }) => !isEnded);
    if (leaving === undefined || streams.length < 2) return false;
    leaving.subscription.unsubscribe();
    leaving.isEnded = true;
    return true;
  },
  later: (world: StreamWorld) => world.later(),
  cut: (world: StreamWorld) => world.cut(1 + (world.steps.length % 2)),
} satisfies Record<string, (world: StreamWorld) => boolean>;
