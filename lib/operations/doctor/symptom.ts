/** One thing that was looked at. */
export interface Symptom {
  /** A stable name, as in `fsync`. */
  readonly check: string;
  /** `finding`: it endangers a promise, or stops work. `note`: worth knowing. `good`: as it should be. */
  readonly level: 'finding' | 'note' | 'good';
  readonly says: string;
  /** What to do; of a finding always. */
  readonly wayOut?: string;
}

export function good(check: string, says: string): Symptom {
  return { check, level: 'good', says };
}

export function note(check: string, says: string, wayOut?: string): Symptom {
  return { check, level: 'note', says, ...(wayOut === undefined ? {} : { wayOut }) };
}

export function finding(check: string, says: string, wayOut: string): Symptom {
  return { check, level: 'finding', says, wayOut };
}

/** Milliseconds, from which on something is told to take long. */
export interface Thresholds {
  /** Of a transaction, or a session that waits for a lock. */
  readonly slow: number;
}
