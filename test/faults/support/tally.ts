/** What a run came to. */
export interface Tally {
  /** Faults that were injected. */
  faults: number;
  /** Facts whose append was acknowledged. */
  acknowledged: number;
  /** Acknowledged facts that are not in the log, and facts that a durable handler never had. */
  lost: number;
  /** Appends that are in the log twice, and facts that took effect twice in a transactional handler. */
  duplicated: number;
  /** Appends of which a part is in the log, or anything although they were refused. */
  partial: number;
  /** Appends whose caller did not learn the outcome. */
  indeterminate: number;
  /** Facts that a plain handler was given again: allowed after a crash. */
  redelivered: number;
  /** Whatever else is not as promised, in words. */
  unexpected: string[];
}

export function emptyTally(): Tally {
  return {
    faults: 0,
    acknowledged: 0,
    lost: 0,
    duplicated: 0,
    partial: 0,
    indeterminate: 0,
    redelivered: 0,
    unexpected: [],
  };
}

export function addTally(sum: Tally, more: Tally): void {
  sum.faults += more.faults;
  sum.acknowledged += more.acknowledged;
  sum.lost += more.lost;
  sum.duplicated += more.duplicated;
  sum.partial += more.partial;
  sum.indeterminate += more.indeterminate;
  sum.redelivered += more.redelivered;
  sum.unexpected.push(...more.unexpected);
}

export function isClean({ lost, duplicated, partial, unexpected }: Tally): boolean {
  return lost + duplicated + partial + unexpected.length === 0;
}
