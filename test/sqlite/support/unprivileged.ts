import 'better-sqlite3';

/** Runs synchronous work without root's right to pass over file permissions. */
export function unprivileged<T>(work: () => T): T {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid!(65_534);
  try {
    return work();
  } finally {
    process.seteuid!(0);
  }
}
