/**
 * When a fact is committed. FACTSTR writes nanoseconds, this process knows milliseconds: a fact that follows one
 * of the same millisecond takes its time, so that it does not come before it.
 *
 * `before` is the preceding fact's time as it is stored; absent for the first fact.
 */
export function timeAfter(before: string | undefined, now = new Date()): string {
  // Digits beyond the millisecond are passed over.
  const sameMillisecond = before !== undefined && Date.parse(before) === now.getTime();
  return sameMillisecond ? before : now.toISOString();
}
