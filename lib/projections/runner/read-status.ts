import type { FactStore } from '../../contract/contract.types.js';
import type { StoredStream, StreamReport } from '../../cursors/cursor-store.js';
import type { LogSource } from '../../streams/log-source.js';
import { logOf } from '../../streams/store-face.js';
import type { ProjectionState, ProjectionStatus } from '../status.js';
import type { Runner } from './runner.js';

const NOT_PAUSED = new Set<string>(['starting', 'replaying', 'live', 'parked-some', 'retrying']);

/** How often state and cursor are read where the state changes meanwhile. */
const MAX_READS = 3;

type Identity = Pick<
  ProjectionStatus,
  'store' | 'name' | 'version' | 'active' | 'handler' | 'query' | 'policy'
>;

/** A projection's status, whichever process runs it; from its owner's report where another process owns it. */
export async function readStatus(
  identity: Identity,
  runner: Runner,
  store: FactStore,
): Promise<ProjectionStatus> {
  const source = logOf(store);
  const { own, stored, head } = await readTogether(runner, source);
  const elsewhere = !runner.owned && stored?.owner != null && own.state === 'starting';
  const told = elsewhere && stored.report !== null ? stored.report : own;
  // Paused, by another process or by itself a moment ago, and not noticed here yet. An owner that gave up reported why.
  const gaveUp = stored?.report?.state === 'paused' ? stored.report : undefined;
  const report: StreamReport =
    stored?.paused === true && NOT_PAUSED.has(told.state)
      ? {
          ...told,
          state: 'paused',
          reason: gaveUp?.reason ?? 'paused by an operator',
          code: gaveUp?.code ?? null,
        }
      : told;
  const position = stored?.position ?? runner.state.storedPosition;
  return {
    ...identity,
    state: report.state as ProjectionState,
    reason: elsewhere ? (report.reason ?? own.reason) : report.reason,
    code: report.code,
    attempts: report.attempts,
    lastError: report.lastError,
    position,
    head: head ?? null,
    ...(await lagOf(source, position, head ?? null)),
    parked: stored?.parkedCount ?? 0,
    parkedSince: stored?.parkedSince ?? null,
    owner:
      stored?.owner == null
        ? null
        : {
            host: stored.owner.host,
            pid: stored.owner.pid,
            self: runner.owned,
            alive: runner.isAlive(stored),
          },
  };
}

/** Reads until the state is the same before and after: a newer state (paused, say) belongs to a newer cursor. */
async function readTogether(
  runner: Runner,
  source: LogSource | undefined,
): Promise<{ own: StreamReport; stored?: StoredStream | null; head?: bigint | null }> {
  for (let look = 1; ; look++) {
    const before = runner.state.report();
    const [stored, head] = await Promise.all([
      orNull(() => runner.stored()),
      orNull(async () => source?.head()),
    ]);
    const own = runner.state.report();
    if (own.state === before.state || look === MAX_READS) return { own, stored, head };
  }
}

async function lagOf(
  source: LogSource | undefined,
  position: bigint | null,
  head: bigint | null,
): Promise<{ lag: bigint | null; lagTime: number | null }> {
  if (source === undefined || position === null || head === null) {
    return { lag: null, lagTime: null };
  }
  if (head <= position) return { lag: 0n, lagTime: 0 };
  const [next] = (await orNull(async () => source.readBatches(position, 1))) ?? [];
  const since = next?.event_records[0]?.occurred_at;
  return {
    lag: head - position,
    lagTime: since === undefined ? null : Math.max(0, Date.now() - Date.parse(since)),
  };
}

/** `null` where reading fails: a status shows what can be read. */
async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch {
    return null;
  }
}
