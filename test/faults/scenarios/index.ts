import type { Scenario } from '../support/scenario.js';
import { blackHole } from './black-hole.js';
import { connectionCut } from './connection-cut.js';
import { projectionKill, transactionalKill } from './projection-kill.js';
import { writerKill } from './writer-kill.js';

/** Every fault, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  writerKill,
  connectionCut,
  blackHole,
  projectionKill,
  transactionalKill,
];
