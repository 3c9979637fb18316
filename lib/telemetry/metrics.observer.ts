import type {
  FactstrObserver,
  ObservedCall,
  ObservedOperation,
  OperationEnd,
} from '../service/observation/observer.js';
import { errorType } from './error-type.js';
import type { Labels, Meters } from './meters.js';
import { METRICS } from './metrics.js';
import { SYSTEMS } from './systems.js';

type Measure = (value: number, labels: Labels) => void;

/** Measures what stores and handlers do. */
export class MetricsObserver implements FactstrObserver {
  readonly #operations: Measure;
  readonly #appends: Measure;
  readonly #facts: Measure;
  readonly #groups: Measure;
  readonly #handled: Measure;
  readonly #attempts: Measure;

  constructor(meters: Meters) {
    this.#operations = meters.histogram(METRICS.operationDuration);
    this.#appends = meters.histogram(METRICS.appendDuration);
    this.#facts = meters.counter(METRICS.appendFacts);
    this.#groups = meters.histogram(METRICS.groupSize);
    this.#handled = meters.histogram(METRICS.handleDuration);
    this.#attempts = meters.counter(METRICS.attempts);
  }

  async operation<T>(
    operation: ObservedOperation,
    run: () => Promise<T>,
    endOf: (result: T) => OperationEnd,
  ): Promise<T> {
    const began = performance.now();
    try {
      const result = await run();
      this.#ended(operation, began, endOf(result));
      return result;
    } catch (error) {
      this.#ended(operation, began, undefined, error);
      throw error;
    }
  }

  async handling<T>(call: ObservedCall, run: () => Promise<T>): Promise<T> {
    const began = performance.now();
    let outcome = 'failed';
    try {
      const result = await run();
      if (result !== false) outcome = 'handled';
      return result;
    } finally {
      if (call.projection !== undefined) {
        const labels = {
          'factstr.store': call.store,
          'factstr.projection': call.projection,
          'factstr.outcome': outcome,
        };
        this.#handled((performance.now() - began) / 1_000, labels);
        this.#attempts(1, labels);
      }
    }
  }

  group(store: string, size: number): void {
    this.#groups(size, { 'factstr.store': store });
  }

  #ended(
    { store, provider, operation }: ObservedOperation,
    began: number,
    end: OperationEnd | undefined,
    error?: unknown,
  ): void {
    const seconds = (performance.now() - began) / 1_000;
    this.#operations(seconds, {
      'factstr.store': store,
      'db.system.name': SYSTEMS[provider],
      'db.operation.name': operation,
      ...(end === undefined && { 'error.type': errorType(error) }),
    });
    // A decision's append is an operation of its own.
    if (operation === 'query' || operation === 'decide') return;
    const outcome = end?.outcome ?? 'failed';
    this.#appends(seconds, { 'factstr.store': store, 'factstr.outcome': outcome });
    if (end?.outcome === 'committed') this.#facts(end.facts, { 'factstr.store': store });
  }
}
