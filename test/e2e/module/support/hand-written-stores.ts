import { isDeepStrictEqual } from 'node:util';
import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  EventRecord,
  EventStreamSubscription,
  FactStore,
  NewEvent,
  QueryResult,
  StreamHandler,
} from 'nestjs-factstr';

/** A store that a user wrote: plain objects, the contract and nothing else. */
export interface HandWrittenStore {
  store: FactStore;
  /** How often `close` was called. */
  closed: () => number;
  /** The durable cursors. */
  cursors: Map<string, number>;
}

/** One whose methods answer at once. */
export function synchronousStore(): HandWrittenStore {
  const { closed, cursors, ...methods } = handWritten();
  return { store: methods, closed, cursors };
}

/** One whose methods return promises. */
export function asynchronousStore(): HandWrittenStore {
  const { closed, cursors, ...methods } = handWritten();
  return {
    store: {
      ...methods,
      append: async (events) => methods.append(events),
      query: async (query) => methods.query(query),
      appendIf: async (events, query, expected) => methods.appendIf(events, query, expected),
      close: async () => methods.close(),
    },
    closed,
    cursors,
  };
}

function matches(fact: EventRecord, { filters }: EventQuery): boolean {
  if (!filters || filters.length === 0) return true;
  return filters.some(
    ({ event_types, payload_predicates }) =>
      (!event_types || event_types.includes(fact.event_type)) &&
      (!payload_predicates || payload_predicates.some((part) => contains(fact.payload, part))),
  );
}

function contains(payload: unknown, part: unknown): boolean {
  return Object.entries(part as object).every(([key, value]) =>
    isDeepStrictEqual((payload as Record<string, unknown>)[key], value),
  );
}

function handWritten() {
  const batches: EventRecord[][] = [];
  const cursors = new Map<string, number>();
  const wakers = new Set<() => void>();
  let closes = 0;

  const facts = () => batches.flat();
  const version = (query: EventQuery) =>
    facts().findLast((fact) => matches(fact, query))?.sequence_number ?? null;

  function append(events: NewEvent[]): AppendResult {
    const first = BigInt(facts().length + 1);
    const batch = events.map(({ event_type, payload }, index) => ({
      sequence_number: first + BigInt(index),
      occurred_at: new Date().toISOString(),
      event_type,
      payload: structuredClone(payload),
    }));
    batches.push(batch);
    // In the async context of whoever appended.
    setImmediate(() => wakers.forEach((wake) => wake()));
    return {
      first_sequence_number: first,
      last_sequence_number: batch.at(-1)!.sequence_number,
      committed_count: BigInt(batch.length),
    };
  }

  function query(asked: EventQuery): QueryResult {
    const after = asked.min_sequence_number ?? 0n;
    const event_records = facts().filter(
      (fact) => fact.sequence_number > after && matches(fact, asked),
    );
    return {
      event_records,
      last_returned_sequence_number: event_records.at(-1)?.sequence_number ?? null,
      current_context_version: version(asked),
    };
  }

  function appendIf(
    events: NewEvent[],
    asked: EventQuery,
    expected: bigint | null | undefined,
  ): AppendIfResult {
    const actual = version(asked);
    return actual === (expected ?? null)
      ? { append_result: append(events) }
      : { conflict: { expected_context_version: expected, actual_context_version: actual } };
  }

  /** Walks batch after batch; `passed` is told of each one, and ends the walk by throwing. */
  function follow(
    from: number,
    asked: EventQuery,
    handle: StreamHandler,
    passed: (batches: number, failed: boolean) => void,
  ): EventStreamSubscription & { caughtUp: Promise<void> } {
    let position = from;
    let walking: Promise<void> | undefined;
    const run = { ended: false };
    const walk = async () => {
      while (!run.ended && position < batches.length) {
        const matching = batches[position]!.filter((fact) => matches(fact, asked));
        let failed = false;
        try {
          failed = matching.length > 0 && (await handle(matching)) === false;
        } catch {
          failed = true;
        }
        passed(position + 1, failed);
        position++;
      }
    };
    const wake = () =>
      (walking ??= walk().finally(() => {
        walking = undefined;
      }));
    const woken = () =>
      void wake().catch(() => {
        run.ended = true;
      });
    wakers.add(woken);
    return {
      caughtUp: wake(),
      unsubscribe() {
        run.ended = true;
        wakers.delete(woken);
      },
    };
  }

  const streamTo = (asked: EventQuery, handle: StreamHandler) =>
    follow(batches.length, asked, handle, () => undefined);

  async function streamToDurable(
    { name }: { name: string },
    asked: EventQuery,
    handle: StreamHandler,
  ): Promise<EventStreamSubscription> {
    const subscription = follow(cursors.get(name) ?? 0, asked, handle, (passed, failed) => {
      if (failed) throw new Error(`The handler of ${name} failed.`);
      cursors.set(name, passed);
    });
    await subscription.caughtUp;
    return subscription;
  }

  return {
    append,
    query,
    appendIf,
    streamTo,
    streamToDurable,
    streamAll: (handle: StreamHandler) => streamTo({}, handle),
    streamAllDurable: (stream: { name: string }, handle: StreamHandler) =>
      streamToDurable(stream, {}, handle),
    close() {
      closes++;
      wakers.clear();
    },
    closed: () => closes,
    cursors,
  };
}
