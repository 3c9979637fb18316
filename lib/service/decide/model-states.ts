import type {
  EventQuery,
  EventRecord,
  FactStore,
  StorePromises,
} from '../../contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../contract/limits.js';
import type { BoundModel } from '../../decisions/decision-model.js';
import { contextOf, fold, newestOf, unfolded } from '../../decisions/fold.js';
import type { FoldedState } from '../../decisions/fold.js';
import { partsOf, routed } from '../../decisions/model-parts.js';
import type { ModelPart } from '../../decisions/model-parts.js';
import { RememberedStates } from '../../decisions/remembered-states.js';
import type { RememberedState, RememberedStatesLimits } from '../../decisions/remembered-states.js';
import { contextsOf } from '../../streams/store-face.js';
import type { ContextPart, OwnStore } from '../../streams/store-face.js';

/** The states of several models at one moment. */
export interface StatesRead {
  /** In the order of the models. */
  readonly states: readonly FoldedState[];
  /** The number of the newest fact that went into one of them; `null` for none. */
  readonly version: bigint | null;
  /** The log's head at that moment; `undefined` where the store does not tell. */
  readonly head: bigint | undefined;
}

type ContextReader = Pick<OwnStore, 'readContexts'>;

/** A model, the parts that are read of it, and the state that is gone on from. */
interface Reading {
  readonly model: BoundModel<unknown>;
  readonly parts: readonly ModelPart[];
  readonly before: RememberedState | undefined;
}

const NOTHING = { event_records: [] };

/** Of the stores that read contexts, shared by all services on a store. */
const ofStores = new WeakMap<ContextReader, RememberedStates>();

/** Makes the states of models, going on from those that are remembered. */
export class ModelStates {
  readonly #face: StorePromises;
  readonly #own: ContextReader | undefined;
  readonly #limits: RememberedStatesLimits | undefined;
  readonly #remembered: RememberedStates | undefined;

  /** @param limits absent: nothing is remembered */
  constructor(raw: FactStore, face: StorePromises, limits: RememberedStatesLimits | undefined) {
    this.#face = face;
    this.#own = contextsOf(raw);
    this.#limits = limits;
    if (limits !== undefined && this.#own !== undefined) this.#remembered = rememberedOf(this.#own);
  }

  /** Whether `head` is told with the states. */
  get tellsHead(): boolean {
    return this.#own !== undefined;
  }

  /**
   * The states of one moment. `whole`: the context of all models. `upTo`: as they were at that number.
   *
   * @throws InvalidModelError, ModelFailedError, and what the store throws
   */
  async read(
    models: readonly BoundModel<unknown>[],
    whole: EventQuery = contextOf(models),
    upTo?: bigint,
  ): Promise<StatesRead> {
    const own = this.#own;
    const readings = models.map((model) => ({
      model,
      parts: partsOf(model),
      before: this.#find(model, upTo),
    }));
    if (own === undefined) return this.#readAll(readings, whole, upTo);
    const found = await this.#goOn(own, readings, whole, upTo);
    if (found !== undefined) return found;
    // The log is another one than that of the remembered states.
    const anew = readings.map((reading) => ({ ...reading, before: undefined }));
    return (await this.#goOn(own, anew, whole, upTo))!;
  }

  /** `undefined` where what is remembered does not fit the log. */
  async #goOn(
    own: ContextReader,
    readings: readonly Reading[],
    whole: EventQuery,
    upTo: bigint | undefined,
  ): Promise<StatesRead | undefined> {
    const asked = readings.flatMap(({ parts, before }) =>
      parts.map(({ query }): ContextPart => ({ query, after: before?.head ?? 0n })),
    );
    const { head, log, parts } = await own.readContexts(asked, whole, upTo);
    const states: FoldedState[] = [];
    let next = 0;
    for (const { model, parts: asked, before } of readings) {
      if (before !== undefined && (before.log !== log || before.head > head)) return undefined;
      const read = parts.slice(next, (next += asked.length));
      const rows = read.map(({ event_records }) => event_records);
      const state = fold(model, before ?? unfolded(model), routed(model, asked, rows));
      // The store tells the version of the whole context: a state that lacks a fact is made anew.
      if (before !== undefined && upTo === undefined && state.version !== newestOf(read)) {
        return undefined;
      }
      states.push(state);
    }
    if (upTo === undefined) this.#keep(readings, states, head, log);
    return { states, version: newestOf(states), head };
  }

  /**
   * A custom store tells neither its head nor which log it is: whole contexts are read each time. What comes after the
   * version of all of them, which is read first, is left out.
   */
  async #readAll(
    readings: readonly Reading[],
    whole: EventQuery,
    upTo: bigint | undefined,
  ): Promise<StatesRead> {
    const { current_context_version } = await this.#face.query({
      ...whole,
      min_sequence_number: MAX_SEQUENCE_NUMBER,
    });
    const version = current_context_version ?? 0n;
    const end = upTo !== undefined && upTo < version ? upTo : version;
    const states: FoldedState[] = [];
    for (const { model, parts } of readings) {
      const rows: EventRecord[][] = [];
      for (const { query } of parts) {
        const { event_records } = end === 0n ? NOTHING : await this.#face.query(query);
        rows.push(event_records.filter(({ sequence_number }) => sequence_number <= end));
      }
      states.push(fold(model, unfolded(model), routed(model, parts, rows)));
    }
    return { states, version: newestOf(states), head: undefined };
  }

  #find({ key }: BoundModel<unknown>, upTo: bigint | undefined): RememberedState | undefined {
    const state = this.#remembered?.find(key);
    return state !== undefined && upTo !== undefined && state.head > upTo ? undefined : state;
  }

  #keep(
    readings: readonly Reading[],
    states: readonly FoldedState[],
    head: bigint,
    log: unknown,
  ): void {
    const { length } = readings;
    for (let index = 0; index < length; index++) {
      const { state, size, version } = states[index]!;
      const { key } = readings[index]!.model;
      this.#remembered?.keep(key, { state, size, version, head, log }, this.#limits!);
    }
  }
}

function rememberedOf(own: ContextReader): RememberedStates {
  const known = ofStores.get(own) ?? new RememberedStates();
  ofStores.set(own, known);
  return known;
}
