import { InvalidModelError, InvalidOptionsError } from '../../contract/errors.js';
import { preparePage, refuseUnknownOptions } from '../../contract/query-page.js';
import { BoundModel } from '../../decisions/decision-model.js';

/**
 * Options of `state`.
 *
 * @publicApi
 */
export interface StateOptions {
  /** As it was at this number. */
  upTo?: bigint | undefined;
}

/**
 * The state of a model.
 *
 * @publicApi
 */
export interface ModelState<State> {
  /** JSON data, frozen. */
  readonly state: State;
  /** The number of the newest fact that went into it; `null` for none. */
  readonly version: bigint | null;
  /** The newest number of the log, or `upTo`: all facts up to it were looked at. */
  readonly head: bigint;
}

/**
 * The number up to which a state is asked for.
 *
 * @throws InvalidModelError, InvalidOptionsError
 */
export function stateOptions(model: unknown, options: StateOptions): bigint | undefined {
  if (!(model instanceof BoundModel)) {
    throw new InvalidModelError(
      'state takes a model with its arguments, as in store.state(seats(course_id)).',
    );
  }
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError('The options of state are an object such as { upTo: 12n }.');
  }
  refuseUnknownOptions('state', options, { upTo: true });
  return preparePage({ upTo: options.upTo }).upTo ?? undefined;
}
