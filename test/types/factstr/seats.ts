import {
  type AppendIfResult,
  type AppendResult,
  type ConditionalAppendConflict,
  type DurableStream,
  type EventFilter,
  type EventQuery,
  type EventRecord,
  EventStreamSubscription,
  FactstrMemoryStore,
  FactstrPostgresStore,
  type FactstrPostgresBootstrapOptions,
  FactstrSqliteStore,
  type NewEvent,
  type QueryResult,
} from 'nestjs-factstr/stores';

// Code as it is written for @factstr/factstr-node 0.5.2: only the package's name is another.

interface SeatTaken extends NewEvent {
  event_type: 'seat-taken';
  payload: { seat: string; guest: string };
}

const seatTaken = (seat: string, guest: string): SeatTaken => ({
  event_type: 'seat-taken',
  payload: { seat, guest },
});

const seatQuery = (seat: string): EventQuery => {
  const filter: EventFilter = { event_types: ['seat-taken'], payload_predicates: [{ seat }] };
  return { filters: [filter], min_sequence_number: null };
};

/** Features declare one of the classes, and are given any of them. */
function takeSeat(
  store: FactstrMemoryStore,
  seat: string,
  guest: string,
): AppendResult | ConditionalAppendConflict {
  const context: QueryResult = store.query(seatQuery(seat));
  const { append_result, conflict }: AppendIfResult = store.appendIf(
    [seatTaken(seat, guest)],
    seatQuery(seat),
    context.current_context_version,
  );
  if (conflict) return conflict;
  if (!append_result) throw new Error('neither');
  return append_result;
}

export const memory = new FactstrMemoryStore();
export const sqlite = new FactstrSqliteStore('./facts.sqlite');
takeSeat(memory, '1a', 'Ada');
takeSeat(sqlite, '1a', 'Ada');

/** A test that lets another guest come first. */
export function interrupted(store: InstanceType<typeof FactstrMemoryStore>, first: NewEvent): void {
  const appendIf = store.appendIf.bind(store);
  store.appendIf = (
    events: NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
  ): AppendIfResult => {
    store.append([first]);
    return appendIf(events, query, expectedContextVersion);
  };
}

/** A test's double. FACTSTR's stores have no `close`, and its durable streams no promise. */
export function doubleOf(facts: EventRecord[]): FactstrMemoryStore {
  const subscription: EventStreamSubscription = { unsubscribe: () => undefined };
  return {
    append: () => ({ first_sequence_number: 1n, last_sequence_number: 1n, committed_count: 1n }),
    query: () => ({ event_records: facts, current_context_version: BigInt(facts.length) }),
    appendIf: () => ({ conflict: { actual_context_version: 1n } }),
    streamAll: () => subscription,
    streamTo: () => subscription,
    streamAllDurable: async () => subscription,
    streamToDurable: async () => subscription,
    close: async () => undefined,
  };
}

type Reading = Pick<FactstrSqliteStore, 'query'>;
export const readOnly: Reading = { query: () => ({ event_records: [] }) };

/** Handlers that return what they happen to, and arrays that they change. */
export function follow(store: FactstrSqliteStore | FactstrMemoryStore): EventStreamSubscription[] {
  const log: string[] = [];
  const newestFirst: EventRecord[] = [];
  const all = store.streamAll((events) => log.push(...events.map((event) => event.event_type)));
  const some = store.streamTo(seatQuery('1a'), (events: EventRecord[]) => {
    events.sort((one, other) => Number(other.sequence_number - one.sequence_number));
    newestFirst.push(...events);
  });
  const awaited = store.streamTo({ filters: null }, async (events) => {
    await Promise.resolve();
    return events.length;
  });
  return [all, some, awaited];
}

export class ReadModel {
  private subscription: EventStreamSubscription | null = null;
  private readonly stream: DurableStream = { name: 'seats' };

  constructor(private readonly store: FactstrSqliteStore) {}

  async start(): Promise<void> {
    this.subscription = await this.store.streamToDurable(
      this.stream,
      {},
      (events) => events.length,
    );
  }

  stop(): void {
    if (this.subscription instanceof EventStreamSubscription) this.subscription.unsubscribe();
    this.subscription = null;
  }
}

/** With `await`, the one change on Postgres. */
export async function postgres(serverUrl: string): Promise<bigint> {
  const options: FactstrPostgresBootstrapOptions = { serverUrl, databaseName: 'seats' };
  const store: FactstrPostgresStore = await FactstrPostgresStore.bootstrap(options);
  const result: AppendResult = await store.append([seatTaken('1a', 'Ada')]);
  return result.last_sequence_number;
}

export class CountingStore extends FactstrMemoryStore {
  appends = 0;

  override append(events: NewEvent[]): AppendResult {
    this.appends++;
    return super.append(events);
  }
}

export const isSqlite = (store: unknown): boolean =>
  store instanceof FactstrSqliteStore && store.query({}).event_records.length > 0;
