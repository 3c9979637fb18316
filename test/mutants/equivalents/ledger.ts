import type { Equivalent } from './equivalent.js';

const STEPS = 'lib/stores/ledger/sql-steps.ts';

export const ledger: readonly Equivalent[] = [
  {
    file: STEPS,
    from: 'if (known === undefined) {',
    to: 'if (true) {',
    reason: 'A text is taken apart each time instead of once: slower, with the same result.',
  },
  {
    file: STEPS,
    from: 'positional.set(step.sql, known);',
    to: ';',
    reason: 'A text is taken apart each time instead of once: slower, with the same result.',
  },
  {
    file: 'lib/stores/ledger/stored-stream.ts',
    from: 'return text == null ? null : JSON.parse(text);',
    to: 'return false ? null : JSON.parse(text);',
    reason: 'JSON.parse makes null of null.',
  },
  {
    file: 'lib/stores/memory/memory.ledger.ts',
    from: 'return facts.sort((a, b) => (a.sequence_number < b.sequence_number ? -1 : 1));',
    to: 'return facts.sort((a, b) => (a.sequence_number <= b.sequence_number ? -1 : 1));',
    reason: 'No two parked facts of a name have one number.',
  },
];
