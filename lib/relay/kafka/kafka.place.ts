import type { CloudEvent } from '../cloud-event.js';
import type { LastSent } from '../relay-target.js';

/** Brokers take 4,096 (`offset.metadata.max.bytes`). */
const MAX_BYTES = 4_000;

/** How far a relay is, as text beside the offset. Empty, which is no place, where the type is so long that brokers would refuse it. */
export function placeText({ id, type, time }: CloudEvent): string {
  const text = JSON.stringify({ id, type, time } satisfies LastSent);
  return Buffer.byteLength(text) > MAX_BYTES ? '' : text;
}

/** `undefined` where there is none. */
export function placeOf(
  offset: { committedOffset: bigint; metadata?: string | null | undefined } | undefined,
): LastSent | undefined {
  if (offset === undefined || offset.committedOffset < 0n) return undefined;
  try {
    const { id, type, time } = JSON.parse(offset.metadata ?? '') as LastSent;
    return id === offset.committedOffset.toString() ? { id, type, time } : undefined;
  } catch {
    // Not written by a relay.
    return undefined;
  }
}
