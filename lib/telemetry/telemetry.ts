import type { FactstrProjections } from '../module/factstr-projections.js';
import type { OpenStores } from '../module/stores/stores.registry.js';
import type { Meters } from './meters.js';
import { MetricsObserver } from './metrics.observer.js';
import { PROJECTION_GAUGES } from './metrics.js';
import { projectionSamples } from './projection-samples.js';

/** Measures an application's stores and projections; returns what ends the reading of projections. */
export function measure(
  meters: Meters,
  stores: OpenStores,
  projections: FactstrProjections,
): () => void {
  stores.observe(new MetricsObserver(meters));
  return meters.gauges(PROJECTION_GAUGES, async () => {
    try {
      return projectionSamples(await projections.list());
    } catch {
      // The other metrics are worth their collection.
      return [];
    }
  });
}
