import type {
  AppendIfResult,
  AppendResult,
  FactMetadata,
  FactStore,
  QueryResult,
} from '../../contract/contract.types.js';
import { ownOf } from '../../streams/store-face.js';
import type { FactstrObserver, ObservedCall, ObservedOperation, OperationEnd } from './observer.js';

/** What a store and its handlers tell an observer; all of them where there are several. */
export class StoreObserver {
  readonly #observers: FactstrObserver[] = [];
  readonly #subject: Pick<ObservedOperation, 'store' | 'provider'>;

  constructor(raw: FactStore, store: string) {
    this.#subject = { store, provider: providerOf(raw) };
    ownOf(raw)?.groupSizes?.listen((size) => {
      for (const observer of this.#observers) observer.group?.(store, size);
    });
  }

  /** Whether any of them listens. */
  get active(): boolean {
    for (const { active } of this.#observers) if (active !== false) return true;
    return false;
  }

  add(observer: FactstrObserver): void {
    this.#observers.push(observer);
  }

  append(events: unknown, run: () => Promise<AppendResult>): Promise<AppendResult> {
    return this.#operation('append', countOf(events), run, ({ committed_count }) => ({
      outcome: 'committed',
      facts: Number(committed_count),
      attempts: 1,
    }));
  }

  appendIf(events: unknown, run: () => Promise<AppendIfResult>): Promise<AppendIfResult> {
    return this.#operation('appendIf', countOf(events), run, ({ append_result }) => ({
      outcome: append_result == null ? 'conflict' : 'committed',
      facts: Number(append_result?.committed_count ?? 0n),
      attempts: 1,
    }));
  }

  query<R extends QueryResult>(run: () => Promise<R>): Promise<R> {
    return this.#operation('query', 0, run, ({ event_records }) => ({
      outcome: 'read',
      facts: event_records.length,
      attempts: 1,
    }));
  }

  /** `appendedOf`: what a decision's result says of its append. */
  decide<R>(
    run: () => Promise<R>,
    appendedOf: (result: R) => AppendResult | null,
    attempts: () => number,
  ): Promise<R> {
    return this.#operation('decide', 0, run, (result) => {
      const appended = appendedOf(result);
      return {
        outcome: appended === null ? 'nothing' : 'committed',
        facts: Number(appended?.committed_count ?? 0n),
        attempts: attempts(),
      };
    });
  }

  handling<T>(call: ObservedCall, run: () => Promise<T>): Promise<T> {
    let observed = run;
    for (const observer of this.#observers) {
      if (observer.handling === undefined) continue;
      const inner = observed;
      observed = () => observer.handling!(call, inner);
    }
    return observed();
  }

  /** What the observers keep with an append. */
  metadata(): FactMetadata | undefined {
    let all: FactMetadata | undefined;
    for (const observer of this.#observers) {
      const told = observer.metadata?.();
      if (told !== undefined) all = { ...all, ...told };
    }
    return all;
  }

  #operation<T>(
    operation: ObservedOperation['operation'],
    facts: number,
    run: () => Promise<T>,
    endOf: (result: T) => OperationEnd,
  ): Promise<T> {
    const subject = { ...this.#subject, operation, facts };
    // A custom store may return what it should not, of an append that is committed.
    const told = (result: T): OperationEnd => {
      try {
        return endOf(result);
      } catch {
        return { outcome: operation === 'query' ? 'read' : 'committed', facts: 0, attempts: 1 };
      }
    };
    let observed = run;
    for (const observer of this.#observers) {
      const inner = observed;
      observed = () => observer.operation(subject, inner, told);
    }
    return observed();
  }
}

/** What is no list is refused by what `run` does. */
function countOf(events: unknown): number {
  return Array.isArray(events) ? events.length : 0;
}

function providerOf(raw: FactStore): ObservedOperation['provider'] {
  return ownOf(raw)?.provider ?? 'custom';
}
