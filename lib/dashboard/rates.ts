import type { ProjectionStatus } from '../projections/status.js';

/** Milliseconds between two samples, and how long they are kept. */
export const SAMPLE_EVERY = 5_000;
const KEPT = 3_600_000;

/** What was known at one moment. Times in milliseconds of the process’s own clock. */
interface Sample {
  readonly at: number;
  readonly heads: ReadonlyMap<string, bigint>;
  readonly projections: ReadonlyMap<
    string,
    {
      readonly position: bigint | null;
      readonly lag: bigint | null;
      readonly lagTime: number | null;
    }
  >;
}

/** A value and how long ago it was so, in milliseconds. */
export interface Point {
  readonly ago: number;
  readonly value: number;
}

/** What this process has seen of the last hour. */
export class Rates {
  readonly #samples: Sample[] = [];
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(heads: ReadonlyMap<string, bigint>, statuses: readonly ProjectionStatus[]): void {
    const at = this.#now();
    const projections = new Map(
      statuses.map((status) => [
        keyOf(status),
        { position: status.position, lag: status.lag, lagTime: status.lagTime },
      ]),
    );
    this.#samples.push({ at, heads, projections });
    while (this.#samples[0]!.at < at - KEPT) this.#samples.shift();
  }

  /** Facts per second of a store, between each two samples. */
  appends(store: string): Point[] {
    const now = this.#now();
    return this.#samples.flatMap((sample, index) => {
      const before = this.#samples[index - 1];
      const [from, to] = [before?.heads.get(store), sample.heads.get(store)];
      if (from === undefined || to === undefined || to < from) return [];
      const seconds = (sample.at - before!.at) / 1_000;
      return seconds > 0 ? [{ ago: now - sample.at, value: Number(to - from) / seconds }] : [];
    });
  }

  behind(status: Named): Point[] {
    return this.#of(status, ({ lag }) => (lag === null ? null : Number(lag)));
  }

  age(status: Named): Point[] {
    return this.#of(status, ({ lagTime }) => lagTime);
  }

  /** Milliseconds until a projection reaches the head at the pace of the last minute; `null` where that is not known. */
  timeLeft(status: ProjectionStatus): number | null {
    const now = this.#now();
    const recent = this.#samples.filter(({ at }) => at >= now - 60_000);
    const first = recent.map(({ at, projections }) => ({
      at,
      lag: projections.get(keyOf(status))?.lag ?? null,
    }));
    const from = first.find(({ lag }) => lag !== null);
    if (from === undefined || status.lag === null || from.at === now) return null;
    const gained = Number(from.lag! - status.lag);
    return gained <= 0 ? null : (Number(status.lag) * (now - from.at)) / gained;
  }

  #of(
    status: Named,
    value: (of: { lag: bigint | null; lagTime: number | null }) => number | null,
  ): Point[] {
    const now = this.#now();
    return this.#samples.flatMap(({ at, projections }) => {
      const found = projections.get(keyOf(status));
      const known = found === undefined ? null : value(found);
      return known === null ? [] : [{ ago: now - at, value: known }];
    });
  }
}

type Named = Pick<ProjectionStatus, 'store' | 'name' | 'version'>;

function keyOf({ store, name, version }: Named): string {
  return JSON.stringify([store, name, version]);
}
