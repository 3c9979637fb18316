import { randomUUID } from 'node:crypto';
import { recordedAppend } from '../../contract/append-id.js';
import { committed, refused } from '../../contract/append-request.js';
import type { AppendOutcome } from '../../contract/append-request.js';
import type { AppendIfResult } from '../../contract/contract.types.js';
import {
  DatabaseUnavailableError,
  FactstrError,
  IndeterminateAppendError,
  LimitExceededError,
  StoreClosedError,
  StoreOverloadedError,
} from '../../contract/errors.js';
import type { ContextAppend } from '../../context-index/terms/context-plan.js';
import type { FollowedGroup, FollowedOutcomes, LogView } from '../../streams/log-view.js';
import { isInstance } from '../../support/describe-error.js';
import { pause } from '../../support/async/turns.js';
import type { NatsLink } from '../connection/connection.js';
import { isLasting } from '../log/follower.js';
import { MAX_HEAD_BYTES, encodeMessage, linesOf } from '../log/message.js';
import type { NatsRead } from '../options.js';
import { Attempts } from './attempts.js';

/** Members of one message, at most. */
const MAX_GROUP_MEMBERS = 512;
/** Bytes after which a message takes no more members: others' messages wait behind it. */
const MAX_GROUP_BYTES = 512 * 1024;
/** Messages for which the view is asked beforehand, after one of them had a conflict, or failed. */
const WARY_MESSAGES = 64;
/** What a message's headers take, at most. */
const HEADER_BYTES = 256;

/** An append, or a question for the end of the log, that waits for its turn. */
interface Waiting {
  /** `null` for a question. */
  readonly request: ContextAppend | null;
  readonly lines: string;
  /** Of the lines. */
  readonly bytes: number;
  readonly since: number;
  readonly resolve: (verdict: AppendIfResult) => void;
  readonly reject: (error: unknown) => void;
}

/** What a sender works with. */
export interface SenderOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly view: LogView;
  readonly appendTimeout: number;
  readonly maxQueuedAppends: number;
  /** `'barrier'`: a conflict tells the version at the call, also where the view knows already that there is one. */
  readonly read: NatsRead;
  /** The log's time, as far as this process can tell: milliseconds since 1970. */
  readonly now: () => number;
  /** Told how many appends one message brought. */
  readonly sent: (size: number) => void;
}

const NOTHING: AppendIfResult = { append_result: null, conflict: null };

/**
 * Publishes this process's appends, in call order: one message is on its way, and those that wait meanwhile are the
 * next one. A message's verdicts are those of its place in the log, which the view tells once it has applied it.
 */
export class Sender {
  readonly #of: SenderOptions;
  #waiting: Waiting[] = [];
  readonly #applied = new Map<string, (outcomes: readonly AppendOutcome[]) => void>();
  #running: Promise<void> | undefined;
  #trouble: FactstrError | undefined;
  /** For so many more messages conditions are looked at here first: where none fails, that only takes time. */
  #wary = 0;

  constructor(of: SenderOptions) {
    this.#of = of;
  }

  /**
   * @throws LimitExceededError, StoreOverloadedError, AppendIdReusedError, DatabaseUnavailableError,
   * IndeterminateAppendError, StorageFullError, DamagedLogError
   */
  append(request: ContextAppend): Promise<AppendIfResult> {
    if (this.#waiting.length >= this.#of.maxQueuedAppends) {
      return Promise.reject(
        new StoreOverloadedError(
          `${this.#of.maxQueuedAppends} appends are waiting already (maxQueuedAppends). Nothing was written. Try again later.`,
        ),
      );
    }
    const lines = linesOf(request);
    const bytes = Buffer.byteLength(lines);
    const room = this.#room;
    if (bytes > room) {
      return Promise.reject(
        new LimitExceededError(
          `The append takes ${bytes} bytes; one message takes ${room} here (the servers' max_payload). Nothing was written. Append it in parts, or raise max_payload on every server.`,
        ),
      );
    }
    return this.#add(request, lines, bytes);
  }

  /** Resolves when the view has everything that the log held at the call. */
  async barrier(): Promise<void> {
    await this.#add(null, '', 0);
  }

  /**
   * To be told what the view applied.
   *
   * @returns the first number of what this process appended, if any
   */
  applied(
    groups: readonly FollowedGroup[],
    outcomes: readonly FollowedOutcomes[],
  ): bigint | undefined {
    let first: bigint | undefined;
    if (this.#applied.size === 0) return first;
    groups.forEach(({ name }, index) => {
      const judged = outcomes[index];
      const tell = name === null ? undefined : this.#applied.get(name);
      // The first time decides; `null` says that there was one.
      if (tell === undefined || judged === null || judged === undefined) return;
      tell(judged);
      first ??= firstOf(judged);
    });
    return first;
  }

  /** Why the view cannot go on; `undefined`: it goes on. */
  trouble(error: FactstrError | undefined): void {
    this.#trouble = error;
  }

  /** Appends that were not published yet are rejected; resolves when those on their way have their verdicts. */
  close(): void {
    const error = new StoreClosedError('The store was closed before the append was its turn.');
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Never rejects. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Bytes that the lines of one message may have. */
  get #room(): number {
    return this.#of.link.maxPayload - HEADER_BYTES - MAX_HEAD_BYTES;
  }

  #add(request: ContextAppend | null, lines: string, bytes: number): Promise<AppendIfResult> {
    if (isLasting(this.#trouble)) return Promise.reject(this.#trouble);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, lines, bytes, since: performance.now(), resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** The one place that takes from the queue. */
  async #drain(): Promise<void> {
    // The calls of this turn first, so that they are in the queue together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#next();
      if (group.length > 0) await this.#send(group);
    }
    this.#running = undefined;
  }

  /** The next members of one message. What the view can decide for good is decided. */
  #next(): Waiting[] {
    const taken = this.#take();
    const { view, link, read } = this.#of;
    // While servers are away the view's word is the only one.
    const isAsked = this.#wary > 0 || this.#trouble !== undefined || !link.isConnected;
    const isWary = read === 'local' && isAsked;
    if (this.#wary > 0) this.#wary--;
    if (!taken.some(({ request }) => isJudged(request, isWary))) return taken;
    try {
      return view.snapshot(() =>
        taken
          .map((waiting) =>
            isJudged(waiting.request, isWary) ? this.#undecided(waiting) : waiting,
          )
          .filter((open) => open !== undefined),
      );
    } catch (error) {
      for (const { reject } of taken) reject(error);
      return [];
    }
  }

  /** As many as one message takes. */
  #take(): Waiting[] {
    const room = Math.min(this.#room, MAX_GROUP_BYTES);
    let size = 0;
    let count = 0;
    for (const { bytes } of this.#waiting) {
      size += bytes;
      if (count > 0 && (size > room || count >= MAX_GROUP_MEMBERS)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /**
   * What of an append only the log can tell; `undefined` where the view's word was final. A context only grows: a version
   * that is another one, and is not beyond the view, will not come back. An append with an id may have been committed
   * already, which only the log tells.
   */
  #undecided(waiting: Waiting): Waiting | undefined {
    const { request, resolve, reject } = waiting;
    const { view } = this.#of;
    const { condition, appendId } = request!;
    try {
      if (appendId !== null) {
        const recorded = view.recorded(appendId.id, this.#of.now());
        if (recorded === undefined) return waiting;
        resolve(committed(recordedAppend(appendId, recorded)));
        return undefined;
      }
      const { query, expected } = condition!;
      if ((expected ?? 0n) > view.head()) return waiting;
      const actual = view.version(query);
      if (actual === expected) return waiting;
      resolve(refused(expected, actual));
    } catch (error) {
      reject(error);
    }
    return undefined;
  }

  async #send(group: readonly Waiting[]): Promise<void> {
    const name = randomUUID();
    const members = group.filter(({ request }) => request !== null);
    const data = encodeMessage(
      name,
      members.map(({ lines }) => lines),
    );
    try {
      const outcomes = await this.#published(name, data, group[0]!.since);
      this.#of.sent(members.length);
      let next = 0;
      for (const { request, resolve, reject } of group) {
        const outcome = request === null ? { verdict: NOTHING } : outcomes[next++]!;
        if ('verdict' in outcome) {
          if (outcome.verdict.conflict != null) this.#wary = WARY_MESSAGES;
          resolve(outcome.verdict);
        } else reject(outcome.refusal);
      }
    } catch (error) {
      this.#fail(group, error);
    } finally {
      this.#applied.delete(name);
    }
  }

  /** What keeps one message waiting keeps later ones waiting too: those that have waited as long fail with it. */
  #fail(group: readonly Waiting[], error: unknown): void {
    this.#wary = WARY_MESSAGES;
    for (const { request, reject } of group) reject(request === null ? unanswered(error) : error);
    if (!isInstance(error, DatabaseUnavailableError)) return;
    const latest = performance.now() - this.#of.appendTimeout;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ since }) => since > latest);
    for (const { since, reject } of waiting) if (since <= latest) reject(error);
  }

  /** Publishes a message until the view has applied it. */
  async #published(name: string, data: Buffer, since: number): Promise<readonly AppendOutcome[]> {
    const judged = new Promise<readonly AppendOutcome[]>((resolve) => {
      this.#applied.set(name, resolve);
    });
    const deadline = since + this.#of.appendTimeout;
    const attempts = new Attempts(this.#of, name, data, deadline);
    const ended = attempts.run();
    // Whichever comes first: what was applied was committed, also where the acknowledgement is lost.
    const first = await Promise.race([judged, ended.then(() => null)]);
    attempts.stop();
    if (first !== null) return first;
    const refusal = await ended;
    if (refusal !== undefined) throw refusal;
    // It is in the log, or may be: the view tells.
    const end = new AbortController();
    const late = pause(Math.max(0, deadline - performance.now()), end.signal);
    try {
      const outcomes = await Promise.race([judged, late.then(() => null)]);
      if (outcomes !== null) return outcomes;
    } finally {
      end.abort();
    }
    throw this.#unknown(attempts);
  }

  #unknown({ wasSent, error }: Attempts): FactstrError {
    const { stream, appendTimeout } = this.#of;
    const cause = this.#trouble ?? error;
    const options = cause === undefined ? {} : { cause };
    if (!wasSent) {
      return new DatabaseUnavailableError(
        `The append found no server that leads the stream ${stream} within ${appendTimeout} ms (appendTimeout). Nothing was written.`,
        options,
      );
    }
    return new IndeterminateAppendError(
      `The append was published to the stream ${stream}, and its verdict was not known within ${appendTimeout} ms (appendTimeout). It may be committed. Repeat it with its appendId.`,
      options,
    );
  }
}

/** Whether the view is asked for a final word on it. */
function isJudged(request: ContextAppend | null, isWary: boolean): boolean {
  return request !== null && ((isWary && request.condition !== null) || request.appendId !== null);
}

/** The first number that was given out by these outcomes. */
function firstOf(outcomes: readonly AppendOutcome[]): bigint | undefined {
  for (const outcome of outcomes) {
    const appended = 'verdict' in outcome ? outcome.verdict.append_result : null;
    if (appended != null) return appended.first_sequence_number;
  }
  return undefined;
}

/** The error of a question: whether it was published is of no interest. */
function unanswered(error: unknown): unknown {
  if (!isInstance(error, IndeterminateAppendError)) return error;
  return new DatabaseUnavailableError(
    'The end of the log was not known within appendTimeout. Ask again, or read locally.',
    { cause: error },
  );
}
