import type { Scenario } from '../support/scenario.js';
import { blackHole } from './black-hole.js';
import { clockJumps } from './clock-jumps.js';
import { cursorAhead } from './cursor-ahead.js';
import { ownerFreeze, transactionalFreeze } from './owner-freeze.js';
import { ownerPartition } from './owner-partition.js';
import { damagedFiles } from './damaged-files.js';
import { diskFull } from './disk-full.js';
import { foreignDatabases } from './foreign-databases.js';
import { lockedDatabase } from './locked-database.js';
import { awaitedEnds } from './awaited-ends.js';
import { movedFile } from './moved-file.js';
import { failoverPastLease, restoredUnderStreams } from './restored-under-streams.js';
import { restoredUnderWriter } from './restored-under-writer.js';
import { backlog } from './backlog.js';
import { slowHandlers } from './slow-handlers.js';
import { changedQuery } from './changed-query.js';
import { oddPayloads } from './odd-payloads.js';
import { failingHandlers, oddErrorTexts, undescribableErrors } from './failing-handlers.js';
import { hangingHandlers } from './hanging-handlers.js';
import { leakingHandlers } from './leaking-handlers.js';
import { firstStarts, firstStartsWithFactstr } from './first-starts.js';
import { lateStores } from './late-stores.js';
import { lesserRole } from './lesser-role.js';
import { lostNotifications } from './lost-notifications.js';
import { pooler } from './pooler.js';
import { asynchronousCommit, isolationDefaults } from './session-defaults.js';
import { rollingDeploy } from './rolling-deploy.js';
import { renamedSchemas } from './renamed-schemas.js';
import { restoredLog, restoredWhileRunning } from './restored-log.js';
import { serverRestart } from './server-restart.js';
import { terminatedBackends } from './terminated-backends.js';
import { connectionCut } from './connection-cut.js';
import { projectionKill, transactionalKill } from './projection-kill.js';
import { reactionKill } from './reaction-kill.js';
import { writerKill } from './writer-kill.js';

/** Every fault, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  writerKill,
  connectionCut,
  blackHole,
  projectionKill,
  transactionalKill,
  reactionKill,
  terminatedBackends,
  serverRestart,
  ownerFreeze,
  transactionalFreeze,
  ownerPartition,
  renamedSchemas,
  restoredLog,
  restoredWhileRunning,
  restoredUnderWriter,
  restoredUnderStreams,
  failoverPastLease,
  cursorAhead,
  isolationDefaults,
  asynchronousCommit,
  lesserRole,
  firstStarts,
  firstStartsWithFactstr,
  lostNotifications,
  pooler,
  clockJumps,
  diskFull,
  lockedDatabase,
  movedFile,
  damagedFiles,
  foreignDatabases,
  failingHandlers,
  oddErrorTexts,
  undescribableErrors,
  hangingHandlers,
  leakingHandlers,
  lateStores,
  awaitedEnds,
  backlog,
  slowHandlers,
  oddPayloads,
  changedQuery,
  rollingDeploy,
];
