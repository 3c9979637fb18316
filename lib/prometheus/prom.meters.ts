import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Labels, MetricDefinition, Meters, Sample } from '../telemetry/meters.js';

/** Measurements in a registry of prom-client, under the names that OpenTelemetry's conventions give them there. */
export class PrometheusMeters implements Meters {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  histogram(metric: MetricDefinition): ReturnType<Meters['histogram']> {
    const configuration = this.#configuration(metric);
    const histogram =
      this.#known(configuration.name, Histogram) ??
      new Histogram({
        ...configuration,
        ...(metric.buckets && { buckets: [...metric.buckets] }),
      });
    return (value, labels) => histogram.observe(written(metric, labels), value);
  }

  counter(metric: MetricDefinition): ReturnType<Meters['counter']> {
    const configuration = this.#configuration(metric);
    const name = `${configuration.name}_total`;
    const counter = this.#known(name, Counter) ?? new Counter({ ...configuration, name });
    return (value, labels) => counter.inc(written(metric, labels), value);
  }

  gauges(metrics: readonly MetricDefinition[], read: () => Promise<readonly Sample[]>): () => void {
    const gauges = new Map<MetricDefinition, Gauge>();
    let isRead: Promise<void> | undefined;
    // Every gauge is asked by itself: the first one of a collection reads for all.
    const collect = (): Promise<void> =>
      (isRead ??= read()
        .then((samples) => {
          for (const gauge of gauges.values()) gauge.reset();
          for (const { metric, value, labels } of samples) {
            gauges.get(metric)!.set(written(metric, labels), value);
          }
        })
        .finally(() => setImmediate(() => (isRead = undefined))));
    for (const metric of metrics) {
      const configuration = this.#configuration(metric);
      // Those of an application that ended, or that the last one goes on for.
      this.#registry.removeSingleMetric(configuration.name);
      gauges.set(metric, new Gauge({ ...configuration, collect }));
    }
    return () => {
      for (const [metric, gauge] of gauges) {
        const { name } = this.#configuration(metric);
        // Those of an application that began meanwhile stay.
        const registered: unknown = this.#registry.getSingleMetric(name);
        if (registered === gauge) this.#registry.removeSingleMetric(name);
      }
    };
  }

  /** A registry outlives an application, as in tests. */
  #known<M extends object>(
    name: string,
    type: abstract new (...args: never[]) => M,
  ): M | undefined {
    const known: unknown = this.#registry.getSingleMetric(name);
    return known instanceof type ? known : undefined;
  }

  #configuration(metric: MetricDefinition) {
    return {
      name: nameOf(metric),
      help: metric.description,
      labelNames: metric.labels.map(nameIn),
      registers: [this.#registry],
    };
  }
}

/** Dots are no part of names there, and the unit is. */
function nameOf({ name, unit }: MetricDefinition): string {
  return `${nameIn(name)}${unit === 's' ? '_seconds' : ''}`;
}

function nameIn(text: string): string {
  return text.replaceAll('.', '_');
}

/** Every label of the metric: prom-client takes an absent one for another series. */
function written({ labels: names }: MetricDefinition, labels: Labels): Record<string, string> {
  return Object.fromEntries(names.map((name) => [nameIn(name), labels[name] ?? '']));
}
