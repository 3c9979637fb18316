import {
  FactstrMemoryStore,
  FactstrPostgresStore,
  FactstrSqliteStore,
  FactstrStore,
} from 'nestjs-factstr';
import type { NewEvent } from 'nestjs-factstr';
import {
  BAD_APPEND_IDS,
  BAD_EVENTS,
  BAD_PAYLOADS,
  BAD_PREDICATES,
  BAD_QUERIES,
  BAD_VERSIONS,
} from '../../support/facts/refused.js';
import type { Refused } from '../../support/facts/refused.js';
import type { LoggedFact } from '../../support/history/checker.js';
import { now } from '../../support/history/journal.js';
import type { JournalCall } from '../../support/history/journal.js';
import type { Random } from '../../support/random.js';
import type { Round } from '../support/round.js';
import type { Provider, Scenario } from '../support/scenario.js';
import { databaseOf, newStore, readLog } from '../support/storage.js';
import type { StoreOptions } from '../support/storage.js';
import { failureOf } from '../../support/failure-of.js';
import { judgeHistory } from '../support/verdict.js';

const MIB = 1024 * 1024;
const CLIENT = 'caller';

/** What cannot be stored is refused and leaves nothing, also amid appends that are committed with it; the oddest payload that can be comes back as it was. */
export const oddPayloads: Scenario = {
  name: 'odd-payloads',
  fault: 'huge, odd and impossible payloads, types, ids and queries',
  providers: ['memory', 'sqlite', 'postgres'],
  faults: [300, 60],
  async run(round, provider) {
    const options = provider === 'memory' ? undefined : await newStore(round, provider);
    const store = FactstrStore.of(openStore(options));
    round.later(() => store.close());
    const calls: JournalCall[] = [];
    let batch = 0;
    const appendGood = (): Promise<void> =>
      recorded(store, calls, eventsOf(round.random, ++batch, provider));
    await appendGood();
    await round.forEachFault(async () => {
      const around = Array.from({ length: round.random.int(0, 4) }, appendGood);
      await refuse(round, store);
      await Promise.all([...around, appendGood()]);
    });
    const log =
      options === undefined
        ? { log: await readInMemory(store), batches: [] }
        : await readLog(databaseOf(options));
    const history = { calls, log: log.log };
    judgeHistory(round, options === undefined ? history : { ...history, batches: log.batches });
  },
};

function openStore(
  options: StoreOptions | undefined,
): FactstrMemoryStore | FactstrSqliteStore | FactstrPostgresStore {
  if (options === undefined) return new FactstrMemoryStore();
  return options.provider === 'sqlite'
    ? new FactstrSqliteStore(options.path)
    : new FactstrPostgresStore(options.url);
}

async function readInMemory(store: FactstrStore): Promise<LoggedFact[]> {
  const { event_records } = await store.query({});
  return event_records.map((record) => ({
    ...record,
    sequence_number: Number(record.sequence_number),
  }));
}

async function recorded(
  store: FactstrStore,
  calls: JournalCall[],
  events: NewEvent[],
): Promise<void> {
  const start = now();
  const { first_sequence_number, last_sequence_number } = await store.append(events);
  calls.push({
    client: CLIENT,
    start,
    end: now(),
    call: { kind: 'append', events: JSON.parse(JSON.stringify(events)) as NewEvent[] },
    outcome: {
      kind: 'committed',
      first: Number(first_sequence_number),
      last: Number(last_sequence_number),
      count: events.length,
    },
  });
}

/** Payloads that only just can be stored. */
function eventsOf(random: Random, batch: number, provider: Provider): NewEvent[] {
  return Array.from({ length: random.int(1, 3) }, (_, n) => {
    const event_type = random.pick([
      'noted',
      'x'.repeat(256),
      '€'.repeat(85),
      "'; --",
      '__proto__',
    ]);
    return { event_type, payload: { by: CLIENT, batch, n, odd: oddValue(random, provider) } };
  });
}

function oddValue(random: Random, provider: Provider): unknown {
  switch (random.int(0, 9)) {
    case 0:
      return random.chance(0.05) ? 'x'.repeat(MIB - 1_000) : 'x'.repeat(random.int(0, 20_000));
    case 1:
      // With the payload itself 127 levels.
      return JSON.parse('['.repeat(126) + ']'.repeat(126));
    case 2:
      return JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":null},"toString":1}');
    case 3:
      return ['\u0001', '\u2028', '🐎', '\ufffd', '\\u0000', '\u007f', 'é', 'e\u0301'];
    case 4:
      return [5e-324, 1e300, 2 ** 53 - 1, -1e-7, 1e21, 0.1 + 0.2];
    case 5:
      return { at: new Date(0), gone: undefined, nothing: null, '': { '': [] } };
    case 6:
      return Array.from({ length: random.int(0, 500) }, () => random.next());
    case 7:
      return random.text(random.int(0, 200));
    case 8:
      return random.chance(0.5);
    default:
      return { provider, "'": '"', '\n': '$1', $body$: '$$', '%s': '\\' };
  }
}

async function refuse(round: Round, store: FactstrStore): Promise<void> {
  const { random } = round;
  const good = { event_type: 'never', payload: { by: CLIENT } };
  const [[what, input, , code], attempt] = random.pick<
    () => [Refused, (input: never) => Promise<unknown>]
  >([
    () => [random.pick(BAD_EVENTS), (events) => store.append(events)],
    () => [random.pick(BAD_PAYLOADS), (events) => store.append(events)],
    () => {
      const before = random.int(0, 3);
      return [
        random.pick(BAD_PAYLOADS),
        (events: NewEvent[]) =>
          store.append([...Array.from({ length: before }, () => good), ...events, good]),
      ];
    },
    () => [random.pick(BAD_PAYLOADS), (events) => store.appendIf(events, {}, null)],
    () => [random.pick([...BAD_QUERIES, ...BAD_PREDICATES]), (query) => store.query(query)],
    () => [
      random.pick([...BAD_QUERIES, ...BAD_PREDICATES]),
      (query) => store.appendIf([good], query, null),
    ],
    () => [
      random.pick(BAD_VERSIONS),
      (version) => store.appendIf([good], { filters: [{ event_types: [] }] }, version),
    ],
    () => [random.pick(BAD_APPEND_IDS), (appendId) => store.append([good], { appendId })],
  ])();
  const failure: (Error & { code?: string }) | undefined = await failureOf(() =>
    attempt(input as never),
  );
  if (failure?.code === code) return;
  round.unexpected(`${what}: ${failure?.code ?? 'was taken'} instead of ${code}`);
}
