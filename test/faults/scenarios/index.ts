import type { Scenario } from '../support/scenario.js';
import { blackHole } from './black-hole.js';
import { cursorAhead } from './cursor-ahead.js';
import { ownerFreeze, transactionalFreeze } from './owner-freeze.js';
import { ownerPartition } from './owner-partition.js';
import { restoredLog } from './restored-log.js';
import { serverRestart } from './server-restart.js';
import { terminatedBackends } from './terminated-backends.js';
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
  terminatedBackends,
  serverRestart,
  ownerFreeze,
  transactionalFreeze,
  ownerPartition,
  restoredLog,
  cursorAhead,
];
