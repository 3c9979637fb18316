import { setTimeout as pause } from 'node:timers/promises';
import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  NewEvent,
  QueryResult,
} from '../../../lib/contract/contract.types.js';

/** What both engines do. */
export interface Writer {
  append(events: NewEvent[]): Promise<AppendResult>;
  appendIf(
    events: NewEvent[],
    query: EventQuery,
    expected?: bigint | null,
  ): Promise<AppendIfResult>;
  query(query: EventQuery): Promise<QueryResult>;
}

/** What a writer is to do, beside all others. */
export interface WritingTask {
  /** Its facts' type. */
  readonly name: string;
  /** The sizes of its appends, in order. */
  readonly batches: readonly number[];
  /** How many contexts it claims, one between any two appends; all writers claim the same ones, in a circle. */
  readonly claims: number;
  /** The context that it claims first: with the same one for all, the fastest would have them all. */
  readonly firstClaim: number;
  /** Where all writers together stop to count. */
  readonly countTo: number;
}

type Range = readonly [first: number, last: number];

/** What it was told. */
export interface WritingReport {
  readonly name: string;
  readonly batches: readonly Range[];
  /** Per context: the number of its claim, or of the claim that was there before. */
  readonly claims: readonly { readonly won: boolean; readonly number: number }[];
  readonly counted: readonly number[];
}

const CLAIMED = 'claimed';
const COUNTED = 'counted';
export const counting: EventQuery = { filters: [{ event_types: [COUNTED] }] };

export function claimOf(context: number): EventQuery {
  const payload_predicates = [{ claim: { context } }];
  return { filters: [{ event_types: [CLAIMED], payload_predicates }] };
}

/** Appends, claims and counts at the same time. */
export async function write(writer: Writer, task: WritingTask): Promise<WritingReport> {
  const [written, counted] = await Promise.all([appendAndClaim(writer, task), count(writer, task)]);
  return { name: task.name, ...written, counted };
}

/**
 * What a service does between two appends, in milliseconds. SQLite's lock has no queue: writers that never pause
 * write in long runs each, and the engines would hardly meet.
 */
export const think = (): Promise<void> => pause(Math.random() * 4);

export function batchOf(name: string, batch: number, size: number): NewEvent[] {
  return Array.from({ length: size }, (_, n) => ({ event_type: name, payload: { batch, n } }));
}

async function appendAndClaim(
  writer: Writer,
  { name, batches, claims, firstClaim }: WritingTask,
): Promise<Pick<WritingReport, 'batches' | 'claims'>> {
  const ranges: Range[] = [];
  const verdicts: { won: boolean; number: number }[] = [];
  for (let turn = 0; turn < Math.max(batches.length, claims); turn++) {
    await think();
    if (turn < batches.length) {
      const result = await writer.append(batchOf(name, turn, batches[turn]!));
      ranges.push([Number(result.first_sequence_number), Number(result.last_sequence_number)]);
    }
    if (turn < claims) {
      const context = (firstClaim + turn) % claims;
      const claim = { event_type: CLAIMED, payload: { claim: { context }, by: name } };
      const verdict = await writer.appendIf([claim], claimOf(context), null);
      verdicts[context] = {
        won: verdict.append_result != null,
        number: Number(
          verdict.append_result?.first_sequence_number ?? verdict.conflict?.actual_context_version,
        ),
      };
    }
  }
  return { batches: ranges, claims: verdicts };
}

/** Each step is decided on what was read before. */
async function count(writer: Writer, { name, countTo }: WritingTask): Promise<number[]> {
  const counted: number[] = [];
  for (;;) {
    const { event_records, current_context_version } = await writer.query(counting);
    const value = event_records.length + 1;
    if (value > countTo) return counted;
    const step = { event_type: COUNTED, payload: { value, by: name } };
    const verdict = await writer.appendIf([step], counting, current_context_version);
    if (verdict.append_result) counted.push(value);
    await think();
  }
}
