import { cursorName } from '../cursors/cursor-name.js';
import type { ProjectionStatus } from '../projections/status.js';
import type { Sample } from './meters.js';
import { METRICS } from './metrics.js';

/** What is measured of projections. What cannot be read is left out. */
export function projectionSamples(
  statuses: readonly ProjectionStatus[],
  now = Date.now(),
): readonly Sample[] {
  return statuses.flatMap((status) => {
    const { store, state, lag, lagTime, parked, parkedSince, owner } = status;
    const labels = { 'factstr.store': store, 'factstr.projection': cursorName(status) };
    const age = parkedSince === null ? 0 : Math.max(0, now - Date.parse(parkedSince));
    return [
      ...(lag === null ? [] : [{ metric: METRICS.lag, value: Number(lag), labels }]),
      ...(lagTime === null ? [] : [{ metric: METRICS.lagAge, value: lagTime / 1_000, labels }]),
      { metric: METRICS.parked, value: parked, labels },
      { metric: METRICS.parkedAge, value: age / 1_000, labels },
      { metric: METRICS.state, value: 1, labels: { ...labels, 'factstr.state': state } },
      { metric: METRICS.owned, value: owner?.alive === true ? 1 : 0, labels },
    ];
  });
}
