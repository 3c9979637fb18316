import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { InvalidOptionsError } from '../contract/errors.js';
import type { DecisionModel } from '../decisions/decision-model.js';

/**
 * What the page tells of payloads: `hidden`: nothing, and no error texts, metadata or states either, nor searches by
 * what payloads contain; `redacted`: the names of fields, and of each value its kind; `shown`: everything.
 *
 * @publicApi
 */
export type DashboardPayloads = 'hidden' | 'redacted' | 'shown';

/**
 * Options of the dashboard.
 *
 * @publicApi
 */
export interface FactstrDashboardOptions {
  /** Where it is mounted, below the global prefix. Default `factstr`. */
  path?: string | undefined;
  /** Who may see it, as for `@UseGuards`. Without any it needs `public: true`. */
  guards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;
  /** Mounts it without guards, for whatever comes to its path, and then without actions. Default false. */
  public?: boolean | undefined;
  /** What the guards inject. */
  imports?: ModuleMetadata['imports'];
  /** Default `hidden`. */
  payloads?: DashboardPayloads | undefined;
  /** Whether projections may be paused, resumed, rebuilt …, by requests that the guards admit. Default false. */
  actions?: boolean | undefined;
  /** Under which name an action is recorded. The request is the adapter’s own. Default: `dashboard`. */
  by?: ((request: never) => string) | undefined;
  /** Models whose states can be stepped through, fact by fact. */
  models?: readonly DashboardModel[] | undefined;
}

/**
 * A decision model, whatever its arguments and its state.
 *
 * @publicApi
 */
export type DashboardModel = DecisionModel<never[], unknown>;

/** Options that passed every check, with their defaults. */
export interface CheckedOptions {
  readonly path: string;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly payloads: DashboardPayloads;
  readonly actions: boolean;
  readonly by: (request: never) => string;
  readonly models: readonly DashboardModel[];
}

const KNOWN: Record<keyof FactstrDashboardOptions, true> = {
  path: true,
  guards: true,
  public: true,
  imports: true,
  payloads: true,
  actions: true,
  by: true,
  models: true,
};

/** @throws InvalidOptionsError */
export function checkOptions(options: FactstrDashboardOptions): CheckedOptions {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(KNOWN, name)) {
      throw new InvalidOptionsError(
        `The dashboard has no option "${name}"; it has ${Object.keys(KNOWN).join(', ')}.`,
      );
    }
  }
  const { path = 'factstr', guards = [], imports = [], models = [] } = options;
  const { payloads = 'hidden', actions = false, by = () => 'dashboard' } = options;
  if (typeof path !== 'string') {
    throw new InvalidOptionsError("The dashboard's path is a text such as 'factstr'.");
  }
  if (!['hidden', 'redacted', 'shown'].includes(payloads)) {
    throw new InvalidOptionsError(
      `The dashboard's option payloads is ${JSON.stringify(payloads)}; expected 'hidden', 'redacted' or 'shown'.`,
    );
  }
  if (typeof by !== 'function') {
    throw new InvalidOptionsError(
      "The dashboard's option by is a function of the request that returns a name.",
    );
  }
  const unguarded = guards.length === 0;
  if (unguarded && options.public !== true) {
    throw new InvalidOptionsError(
      "The dashboard tells of the application's facts: give it guards, such as { guards: [AdminGuard] }, or { public: true } where nothing else comes to its path.",
    );
  }
  return { path, guards, imports, models, payloads, by, actions: actions && !unguarded };
}
