import { InvalidModelError } from '../contract/errors.js';
import { refusalOf } from '../contract/json-value.js';
import type { JsonValue } from '../contract/json-value.js';
import { jsonText } from '../matching/query-text.js';
import { checkJson, freezeJson } from './json-state.js';
import { Model } from './model.js';
import type { ModelHandler } from './model.js';

declare const STATE: unique symbol;

/**
 * A model with its arguments: the state that it makes of a log is a value.
 *
 * @publicApi
 */
export class BoundModel<State> {
  declare readonly [STATE]: State;
  /** The model's name. */
  readonly name: string;
  /** @internal The name and the arguments. */
  readonly key: string;
  /** @internal */
  readonly handlers: readonly ModelHandler[];
  readonly #initial: unknown;

  /** @internal */
  constructor(name: string, key: string, made: Pick<Model<State>, 'handlers' | 'initial'>) {
    this.name = name;
    this.key = key;
    this.handlers = made.handlers;
    this.#initial = made.initial;
  }

  /** The state of an empty log, frozen. @throws InvalidModelError @internal */
  get initial(): unknown {
    try {
      freezeJson(this.#initial);
    } catch (error) {
      const { path, reason } = refusalOf(error);
      throw new InvalidModelError(
        `The initial state of the model ${JSON.stringify(this.name)} is not JSON data: at ${path}, ${reason}.`,
      );
    }
    return this.#initial;
  }
}

/**
 * A model by its name, to be called with its arguments.
 *
 * @publicApi
 */
export interface DecisionModel<Args extends readonly unknown[], State> {
  /** @throws InvalidModelError when an argument is not JSON data */
  (...args: Args): BoundModel<State>;
  readonly modelName: string;
}

/** The names that are taken. */
const names = new Set<string>();

/**
 * Defines what decisions have to know under a name, for arguments such as the id of a course:
 * ```ts
 * const seats = decisionModel('seats', (course_id: string) => model({ capacity: 0, taken: 0 }).on(…));
 * ```
 * The state is remembered by name and arguments, so that `make` and its reducers depend on the arguments and nothing
 * else. To be called once, where a module is loaded; arguments and states are JSON data.
 *
 * @throws InvalidModelError when the name is empty or was defined before
 * @publicApi
 */
export function decisionModel<Args extends readonly unknown[], State, Facts>(
  name: string,
  make: (...args: Args) => Model<State, Facts>,
): DecisionModel<Args, State> {
  if (typeof name !== 'string' || name === '') {
    throw new InvalidModelError(
      "A decision model has a name: decisionModel('seats', (course_id: string) => model(…)).",
    );
  }
  const shown = JSON.stringify(name);
  if (typeof make !== 'function') {
    throw new InvalidModelError(
      `The model ${shown} is made by a function of its arguments: decisionModel(${shown}, (id: string) => model(…)).`,
    );
  }
  if (names.has(name)) {
    throw new InvalidModelError(
      `There is a decision model ${shown} already: its states are remembered by that name. Give one of them another name, and define a model once, outside of functions.`,
    );
  }
  names.add(name);
  const bind = (...given: Args): BoundModel<State> => {
    const [args, text] = prepareArguments(shown, given);
    const made: unknown = make(...args);
    if (!(made instanceof Model) || made.handlers.length === 0) {
      throw new InvalidModelError(
        `The model ${shown} made no model with facts: model(initial).on('type', (state, fact) => …).`,
      );
    }
    return new BoundModel<State>(name, `${shown}${text}`, made as Model<State>);
  };
  return Object.assign(bind, { modelName: name });
}

/** Copies, to which the caller has no reference, and their text. */
function prepareArguments<Args extends readonly unknown[]>(
  model: string,
  given: Args,
): [args: Args, text: string] {
  if (given.every(isText)) return [given, JSON.stringify(given)];
  given.forEach((arg, index) => {
    try {
      checkJson(arg);
    } catch (error) {
      const { path, reason } = refusalOf(error);
      throw new InvalidModelError(
        `Argument ${index + 1} of the model ${model} is not JSON data: at ${path}, ${reason}.`,
      );
    }
  });
  const args = JSON.parse(JSON.stringify(given)) as Args;
  return [args, jsonText(args as unknown as JsonValue)];
}

function isText(arg: unknown): arg is string {
  return typeof arg === 'string';
}
