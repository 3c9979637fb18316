import type { Meter, Observable, ObservableResult } from '@opentelemetry/api';
import type { MetricDefinition, Meters, Sample } from '../telemetry/meters.js';

/** Measurements by the API of OpenTelemetry. */
export class OpenTelemetryMeters implements Meters {
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  histogram(metric: MetricDefinition): ReturnType<Meters['histogram']> {
    const { name, description, unit, buckets } = metric;
    const advice = buckets === undefined ? {} : { explicitBucketBoundaries: [...buckets] };
    const histogram = this.#meter.createHistogram(name, { description, unit, advice });
    return (value, labels) => histogram.record(value, labels);
  }

  counter({ name, description, unit }: MetricDefinition): ReturnType<Meters['counter']> {
    const counter = this.#meter.createCounter(name, { description, unit });
    return (value, labels) => counter.add(value, labels);
  }

  gauges(metrics: readonly MetricDefinition[], read: () => Promise<readonly Sample[]>): () => void {
    const gauges = new Map<MetricDefinition, Observable>(
      metrics.map((metric) => {
        const { name, description, unit } = metric;
        return [metric, this.#meter.createObservableGauge(name, { description, unit })];
      }),
    );
    const all = [...gauges.values()];
    const observe = async (result: {
      observe: (
        gauge: Observable,
        value: number,
        labels: Parameters<ObservableResult['observe']>[1],
      ) => void;
    }): Promise<void> => {
      for (const { metric, value, labels } of await read()) {
        result.observe(gauges.get(metric)!, value, labels);
      }
    };
    this.#meter.addBatchObservableCallback(observe, all);
    return () => this.#meter.removeBatchObservableCallback(observe, all);
  }
}
