import type { Equivalent } from './equivalent.js';

export const module: readonly Equivalent[] = [
  {
    file: 'lib/service/decision-turns.ts',
    from: "} catch { // The store refuses the query. return 'malformed'; }",
    to: '} catch {}',
    reason:
      'Malformed queries then share the context `undefined` instead of `malformed`, and no other query has either.',
  },
  {
    file: 'lib/service/decision-turns.ts',
    from: "return 'malformed';",
    to: 'return "";',
    reason: 'Any text that no list of filters is written as will do.',
  },
  {
    file: 'lib/service/decision-turns.ts',
    from: 'if (this.#only === undefined && this.#current.size === 0) return (this.#only = turn);',
    to: 'if (false) return (this.#only = turn);',
    reason:
      'The only turn is kept apart to save writing down its context; kept with the others it is the same turn.',
  },
  {
    file: 'lib/service/decision-turns.ts',
    from: 'if (this.#only === undefined && this.#current.size === 0) return (this.#only = turn);',
    to: 'if (this.#only !== undefined && this.#current.size === 0) return (this.#only = turn);',
    reason:
      'The only turn is kept apart to save writing down its context; kept with the others it is the same turn.',
  },
  {
    file: 'lib/service/decision-turns.ts',
    from: 'const next = error !== undefined && isTransient(error) ? undefined : waiting[0];',
    to: 'const next = true && isTransient(error) ? undefined : waiting[0];',
    reason: '`isTransient(undefined)` is false.',
  },
  {
    file: 'lib/service/decision-turns.ts',
    from: 'if (!this.turns.pass(this, next) || waiting.length === 0) return;',
    to: 'if (!this.turns.pass(this, next) || false) return;',
    reason: 'Without any that wait there is no next one, and a loop over none follows.',
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
    from: 'async () => head !== null && ((await projection.position()) ?? -1n) >= head,',
    to: 'async () => true && ((await projection.position()) ?? -1n) >= head,',
    reason:
      'A projection whose head is not known counts as ahead of its log, and is refused for that.',
  },
];
