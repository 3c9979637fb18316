import type { EventRecord } from '../../../contract/contract.types.js';
import type { RecentFact, RecentFacts } from '../../../context-index/recent-facts.js';

/** A moment of the years 1970 to 5138 as `MOMENT` gives it: seconds, up to six digits after the point. */
const MOMENT_TEXT = /^(\d{1,11})(?:\.(\d{1,6}))?$/;

/** Facts from memory, as the server would show them; `undefined` where memory cannot. They belong to the caller. */
export function recentRecords(
  recent: RecentFacts,
  numbers: readonly number[],
): EventRecord[] | undefined {
  const records: EventRecord[] = [];
  for (const number of numbers) {
    const fact = recent.get(number);
    const occurred_at = fact && timeOf(fact);
    if (occurred_at === undefined) return undefined;
    const { event_type, payload } = fact!;
    records.push({
      sequence_number: BigInt(number),
      occurred_at,
      event_type,
      payload: asStored(payload),
    });
  }
  return records;
}

/** As Postgres prints it: no zeros at the end of a fraction, and no fraction of a whole second. */
function timeOf({ at }: RecentFact): string | undefined {
  const [, seconds, fraction = ''] = MOMENT_TEXT.exec(at) ?? [];
  if (seconds === undefined) return undefined;
  const date = new Date(Number(seconds) * 1_000);
  const digits = fraction.replace(/0+$/, '');
  return `${date.toISOString().slice(0, -5)}${digits && `.${digits}`}Z`;
}

/** A copy with the keys of objects in jsonb's order: shorter ones first, equally long ones by their bytes. */
function asStored(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(asStored);
  const members = Object.entries(value).map(([key, member]) => ({
    key,
    bytes: Buffer.from(key),
    member: asStored(member),
  }));
  members.sort((a, b) => a.bytes.length - b.bytes.length || Buffer.compare(a.bytes, b.bytes));
  const copy: Record<string, unknown> = {};
  for (const { key, member } of members) {
    // An assignment would take it for the prototype.
    if (key === '__proto__') Object.defineProperty(copy, key, { ...PLAIN, value: member });
    else copy[key] = member;
  }
  return copy;
}

const PLAIN = { configurable: true, enumerable: true, writable: true };
