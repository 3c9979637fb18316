/** Labels of a measurement. Few values each: names of stores and projections, outcomes; never numbers or payloads. */
export type Labels = Readonly<Record<string, string>>;

/** What a metric is, whatever it is told to. Times in seconds. */
export interface MetricDefinition {
  /** As OpenTelemetry writes it: `factstr.append.duration`. Prometheus has underscores, the unit and `_total`. */
  readonly name: string;
  readonly description: string;
  /** As UCUM writes it: `s`, `{fact}`, `1`. */
  readonly unit: string;
  /** The names of its labels. */
  readonly labels: readonly string[];
  /** Of a histogram: the upper bounds of its buckets. */
  readonly buckets?: readonly number[];
}

/** A value that is read when metrics are collected. */
export interface Sample {
  readonly metric: MetricDefinition;
  readonly value: number;
  readonly labels: Labels;
}

/** Where measurements go. */
export interface Meters {
  /** Returns what records a value. */
  histogram(metric: MetricDefinition): (value: number, labels: Labels) => void;
  /** Returns what adds to the sum. */
  counter(metric: MetricDefinition): (value: number, labels: Labels) => void;
  /** Reads all of these when metrics are collected: once for each collection. Returns what ends it. */
  gauges(metrics: readonly MetricDefinition[], read: () => Promise<readonly Sample[]>): () => void;
}
