import { factQuery } from 'nestjs-factstr';
import type { FactstrStore } from 'nestjs-factstr';

const BEYOND_EVERY_FACT = 2n ** 63n - 1n;

/** The newest sequence number of the log, 0 while it is empty: the version of the context of all facts. */
export async function headOf(store: FactstrStore): Promise<bigint> {
  const everything = { ...factQuery(), min_sequence_number: BEYOND_EVERY_FACT };
  return (await store.query(everything)).current_context_version ?? 0n;
}
