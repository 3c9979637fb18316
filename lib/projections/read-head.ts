import type { FactStore } from '../contract/contract.types.js';
import { StreamingStore } from '../streams/streaming-store.js';

/** The newest sequence number, or `null` when it cannot be read now (or only by reading every fact). */
export async function readHead(store: FactStore): Promise<bigint | null> {
  if (!(store instanceof StreamingStore)) return null;
  try {
    return await store.log.head();
  } catch {
    return null;
  }
}
