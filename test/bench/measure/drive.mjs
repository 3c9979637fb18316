import { percentile } from './statistics.mjs';

/**
 * Runs `operation(n)` with so many callers at the same time, until the time is over or the operations are done.
 * `operation` returns how many facts it committed or read; 0 of a conditional append is a conflict.
 */
export async function drive(operation, { callers = 1, milliseconds, operations = Infinity }) {
  const latencies = [];
  const total = { operations: 0, facts: 0, conflicts: 0 };
  let next = 0;
  const began = performance.now();
  const deadline = began + milliseconds;
  let ended = began;
  const caller = async () => {
    for (let now = performance.now(); now < deadline && next < operations;) {
      let facts = operation(next++);
      // Synchronous stores are not made to wait for a turn that they do not need.
      if (facts instanceof Promise) facts = await facts;
      const end = performance.now();
      latencies.push(end - now);
      now = end;
      ended = Math.max(ended, end);
      total.operations++;
      total.facts += facts;
      if (facts === 0) total.conflicts++;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  latencies.sort((a, b) => a - b);
  return {
    ...total,
    milliseconds: ended - began,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}
