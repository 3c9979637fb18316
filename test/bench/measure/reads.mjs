import { drive } from './drive.mjs';

/** As `drive`, of an operation that must read so many facts at least each time. */
export async function reads(least, operation, options) {
  const measured = await drive(operation, options);
  if (measured.facts >= least * measured.operations) return measured;
  const each = measured.facts / measured.operations;
  throw new Error(`Read ${each} facts, not ${least}.`);
}
