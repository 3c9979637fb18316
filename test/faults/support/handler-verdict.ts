import type { HandlerApp } from './handler-app.js';
import type { Round } from './round.js';
import { readLog } from './storage.js';
import { judgeEffects, judgeHistory } from './verdict.js';

export interface HandlerVerdict {
  /** Whether such an unhandled rejection is of a handler's own making. */
  readonly isLeak?: (message: string) => boolean;
  /** The facts that a projection is to have handled. Default: all. */
  readonly factsOf?: (projection: string) => readonly number[];
}

/** Judges what handlers were given and did, when nothing is in flight, and ends the process. */
export async function judgeHandlers(
  round: Round,
  app: HandlerApp,
  verdict: HandlerVerdict = {},
): Promise<void> {
  const { calls, database } = app;
  const { log, batches } =
    database === undefined
      ? { log: await app.readOwnLog(), batches: undefined }
      : await readLog(database);
  judgeHistory(round, { calls, log, ...(batches === undefined ? {} : { batches }) });
  const all = log.map(({ sequence_number }) => sequence_number);
  for (const { name, version = 1, transactional } of app.projections) {
    const key = version === 1 ? name : `${name}@${version}`;
    await judgeEffects(round, {
      database: app.effectsOf(transactional),
      projections: [key],
      facts: verdict.factsOf?.(name) ?? all,
      transactional,
    });
  }
  for (const message of app.unhandled) {
    if (verdict.isLeak?.(message) !== true) round.unexpected(`unhandled rejection: ${message}`);
  }
  if (app.lateWrites.written > 0) {
    round.unexpected(`${app.lateWrites.written} writes after their transactions were taken`);
  }
  await app.close();
}
