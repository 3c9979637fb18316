import type { Equivalent } from './equivalent.js';

export const module: readonly Equivalent[] = [
  {
    file: 'lib/service/turns/decision-turns.ts',
    from: 'if (this.#only === undefined && this.#queues.size === 0) return (this.#only = turn);',
    to: 'if (false) return (this.#only = turn);',
    reason:
      'The only turn is kept apart to save computing its alternatives; kept with the others it is the same turn.',
  },
  {
    file: 'lib/service/turns/decision-turns.ts',
    from: 'if (this.#only === undefined && this.#queues.size === 0) return (this.#only = turn);',
    to: 'if (this.#only !== undefined && this.#queues.size === 0) return (this.#only = turn);',
    reason:
      'The only turn is kept apart to save computing its alternatives; kept with the others it is the same turn.',
  },
  {
    file: 'lib/module/projections/active-versions.ts',
    from: 'const { head } = await projection.status(false);',
    to: 'const { head } = await projection.status(true);',
    reason: 'The argument is passed through to a member of the status that is not read here.',
  },
  {
    file: 'lib/module/projections/active-versions.ts',
    from: 'const status = await projection.status(false);',
    to: 'const status = await projection.status(true);',
    reason: 'The argument is passed through to a member of the status that is not read here.',
  },
  {
    file: 'lib/module/projections/active-versions.ts',
    from: 'async () => head !== null && (await isAt(projection, head)),',
    to: 'async () => true && (await isAt(projection, head)),',
    reason:
      'A projection whose head is not known counts as ahead of its log, and is refused for that.',
  },
];
