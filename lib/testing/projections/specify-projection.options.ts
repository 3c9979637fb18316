/** Options of `specifyProjection`. @publicApi */
export interface SpecifyProjectionOptions {
  /**
   * Reads what the read model holds, in an order of its own and without numbers that are given anew (an
   * autoincremented id): it is to be the same after each run.
   */
  snapshot?: (() => unknown) | undefined;
  /** Clears the read model before it is rebuilt, where the projection's class has no `onReset`. */
  reset?: (() => unknown) | undefined;
  /** `false`: it is not rebuilt, and not run in other splits of batches. */
  rebuild?: false | undefined;
  /** The store's name. Default: the one without a name. */
  store?: string | undefined;
  /** The projection's version. Default: the only registered one, else the newest. */
  version?: number | undefined;
  /** How long one run may take, in milliseconds. Default 5,000. */
  timeout?: number | undefined;
}
