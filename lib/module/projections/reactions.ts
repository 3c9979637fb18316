import { createHash } from 'node:crypto';
import type { OwnAppendOptions } from '../../contract/append-id.js';
import type { AppendResult, EventQuery } from '../../contract/contract.types.js';
import { InvalidOptionsError, StaleCallError } from '../../contract/errors.js';
import type { FactStoreLimits } from '../../contract/limits.js';
import { nameProblem } from '../../contract/validation.js';
import type { CursorStore } from '../../cursors/cursor-store.js';
import { DecisionDefinition } from '../../decisions/define-decision.js';
import type { DecisionModels } from '../../decisions/fold.js';
import type { Decided } from '../../decisions/outcome.js';
import { STOPPING } from '../../projections/delivery/call-handler.js';
import { areModels } from '../../service/decide/decide-models.js';
import type { NewFact } from '../../facts/fact-map.js';
import type { FactstrStore } from '../../service/factstr-store.js';
import { recordedAppendOf } from '../../streams/store-face.js';
import type { ReactionAppendOptions, ReactionDecideOptions } from '../handlers/handler-types.js';
import type { Reaction } from '../handlers/fact-handler.js';
import { messages } from '../messages.js';
import { ReactionMark } from './reaction-mark.js';

/** Whose reactions they are. */
export interface Reacting {
  /** The projection's name, without its version. */
  readonly name: string;
  readonly version: number;
  /** The name of a version's cursor. */
  readonly cursorOf: (version: number) => string;
  readonly repeats: boolean;
  /** Whether the projection says that it reacts, as against showing it by its first reaction. */
  readonly declared: boolean;
}

/** Where the cursors are: the fact store's, and that of this projection. */
export interface ReactionCursors {
  readonly facts: CursorStore;
  readonly own: CursorStore;
}

/** Names the appends by which a projection's handler reacts to facts, so that each is made once. */
export class Reactions {
  readonly #service: FactstrStore;
  readonly #limits: FactStoreLimits;
  readonly #of: Reacting;
  readonly #cursors: ReactionCursors | undefined;
  readonly #mark: ReactionMark | undefined;
  /** Of the present run: what is repeated is repeated once for each time that the cursor was moved back. */
  #round: Promise<string> | undefined;

  /** `cursors`: absent on stores that keep no ids for ever. */
  constructor(
    service: FactstrStore,
    limits: FactStoreLimits,
    of: Reacting,
    cursors: ReactionCursors | undefined,
  ) {
    this.#service = service;
    this.#limits = limits;
    this.#of = of;
    this.#cursors = cursors;
    this.#mark = cursors && new ReactionMark(cursors.facts, cursors.own, of, of.cursorOf);
  }

  /** A run of the projection begins. */
  async began(): Promise<void> {
    this.#round = undefined;
    if (this.#of.declared) await this.#mark?.register();
  }

  /** The projection's cursor is about to be moved back. */
  async movingBack(): Promise<void> {
    await this.#mark?.raise();
  }

  /** For one call with one fact. */
  to(number: bigint, handler: string, signal: AbortSignal): Reaction {
    let isOver = false;
    let calls = 0;
    const keys = new Set<string>();
    let covered: Promise<boolean> | undefined;
    const checkCurrent = (): void => {
      const isStale = isOver || (signal.aborted && signal.reason !== STOPPING);
      if (!isStale) return;
      throw new StaleCallError(messages.staleCall(handler, number), {
        cause: signal.aborted ? signal.reason : undefined,
      });
    };
    const placeOf = (key: unknown): string => {
      if (key === undefined) return `#${(calls += 1)}`;
      const problem = nameProblem(key, this.#limits) ?? placeProblem(key as string);
      if (problem !== undefined) throw new InvalidOptionsError(messages.badKey(handler, problem));
      if (keys.has(key as string)) throw new InvalidOptionsError(messages.keyTwice(handler));
      keys.add(key as string);
      return key as string;
    };
    /** What the append is named by; or the recorded one, where the fact was reacted to before. */
    const named = async (
      options: ReactionDecideOptions,
      known: readonly string[],
    ): Promise<{ options: object } | { recorded: AppendResult | null }> => {
      checkOptions(handler, options, known);
      checkCurrent();
      const { key, ...rest } = options;
      const place = placeOf(key);
      if (this.#mark === undefined) throw new InvalidOptionsError(messages.noReactions(handler));
      const round = this.#of.repeats ? await (this.#round ??= this.#readRound()) : '';
      const parts = [this.#of.name, String(number), place, ...(round === '' ? [] : [round])];
      const appendId = this.#idOf(parts);
      const command = { reaction: parts };
      if (!this.#of.repeats && (await (covered ??= this.#mark.covers(number)))) {
        const recorded = await recordedAppendOf(this.#service.raw, appendId, command);
        return { recorded: recorded ?? null };
      }
      checkCurrent();
      const own: OwnAppendOptions = { appendId, command, permanent: true };
      return { options: { ...rest, ...own, causedBy: number } };
    };
    const append = async (
      events: NewFact[],
      options: ReactionAppendOptions = {},
    ): Promise<AppendResult | null> => {
      const call = await named(options, ['key', 'metadata']);
      return 'recorded' in call ? call.recorded : this.#service.append(events, call.options);
    };
    const decide = async (
      on: EventQuery | DecisionModels | DecisionDefinition<unknown, unknown>,
      given: unknown,
      options: ReactionDecideOptions = {},
    ): Promise<AppendResult | null | Decided<unknown>> => {
      const call = await named(options, ['key', 'metadata', 'retries', 'signal']);
      if ('options' in call) return this.#service.decide(on as never, given as never, call.options);
      if (!(on instanceof DecisionDefinition) && !areModels(on)) return call.recorded;
      return { appended: call.recorded, result: undefined };
    };
    return {
      members: { append, decide },
      end: () => {
        isOver = true;
      },
    };
  }

  #idOf(parts: readonly string[]): string {
    const text = `reaction ${JSON.stringify(parts)}`;
    if (Buffer.byteLength(text) <= this.#limits.maxNameBytes) return text;
    return `reaction ${createHash('sha256').update(text).digest('base64url')}`;
  }

  async #readRound(): Promise<string> {
    const { version, cursorOf } = this.#of;
    const said = await this.#cursors!.own.interventions(cursorOf(version));
    const times = said.filter(({ verb }) => verb === 'rebuild' || verb === 'reset').length;
    return version === 1 && times === 0 ? '' : `${version}.${times}`;
  }
}

/** A call without a key has its number for a place. */
function placeProblem(key: string): string | undefined {
  if (!/^#\d+$/.test(key)) return undefined;
  return 'is a place of calls without a key: # with a number';
}

/** @throws InvalidOptionsError */
function checkOptions(handler: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(messages.badReactionOptions(handler));
  }
  const unknown = Object.entries(options).find(
    ([name, value]) => value !== undefined && !known.includes(name),
  );
  if (unknown === undefined) return;
  throw new InvalidOptionsError(messages.unknownReactionOption(handler, unknown[0], known));
}
