/**
 * Which of several projections of one name is meant.
 *
 * @publicApi
 */
export interface ProjectionSelector {
  /** The store's name. Default: the one without a name. */
  store?: string | undefined;
  /** The projection's version. Default: the only registered one, else the newest. */
  version?: number | undefined;
}

/**
 * What every verb takes besides the projection's name.
 *
 * @publicApi
 */
export interface VerbOptions extends ProjectionSelector {
  /** The operator's name, for the record: text of up to 256 characters. */
  by?: string | undefined;
}

/**
 * Options of `waitFor`.
 *
 * @publicApi
 */
export interface WaitForOptions extends ProjectionSelector {
  /** In milliseconds, from the call on. Default 5,000. */
  timeout?: number | undefined;
  /** When it aborts, the wait rejects with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Options of `drained`.
 *
 * @publicApi
 */
export interface DrainedOptions {
  /** In milliseconds, from the call on. Default 5,000. */
  timeout?: number | undefined;
  /** The projections that are waited for, in every version and of every store. Default: all. */
  names?: string | readonly string[] | undefined;
}
