import type { Round } from './round.js';
import type { Provider } from './scenario.js';
import { databaseOf, newStore, readLog } from './storage.js';
import { Writer } from './writer.js';
import { openStore } from '../../support/engine/open-store.js';
import type {
  AppendCall,
  AppendIfCall,
  History,
  RecordedQuery,
} from '../../support/history/checker.js';
import type { ParticipantStream } from '../processes/participant.js';
import { Journal, readCalls } from '../../support/history/journal.js';
import { Participant } from './participant.js';

/** Those of the writers in `test/faults`, which all processes contend for. */
const CONTEXTS = 5;
/** How many appends two processes make with the same ids. */
export const REPEATED = 15;
/** The last fact: every stream of a history is given it. */
const ENDED = { event_types: ['ended'] };

const everything: RecordedQuery = {};
const paid: RecordedQuery = { filters: [{ event_types: ['paid'] }, ENDED] };
const ofContexts: RecordedQuery = {
  filters: [{ payload_predicates: [{ context: 1 }, { context: 2 }] }, ENDED],
};
const live = (name: string, query: RecordedQuery): ParticipantStream => ({
  name,
  query,
  durable: false,
});
const durable = (name: string, query: RecordedQuery): ParticipantStream => ({
  name,
  query,
  durable: true,
});

/**
 * Five processes at a time use one log. All append and decide in contexts that they share; two repeat the same
 * appends with the same ids at the same time; streams run from the beginning, from the middle on, are handed over
 * by one process that stops to the next, and taken over from one that is killed.
 */
export async function severalProcesses(
  round: Round,
  provider: Provider,
  calls: number,
): Promise<History> {
  const options = await newStore(round, provider);
  const start = (...streams: ParticipantStream[]): Promise<Participant> =>
    Participant.start(round, options, CONTEXTS, streams);
  const shared = { gated: true, lanes: 2, calls: 10 * calls, repeat: repeatedAppends() };
  const writers = [
    await Writer.start(round, options, { ...shared, named: true }),
    await Writer.start(round, options, { ...shared, named: false }),
  ];
  const constant = await start(
    live('live', everything),
    live('live, filtered', ofContexts),
    durable('durable', everything),
    durable('durable, filtered', paid),
  );
  const handing = await start(durable('handed over', paid));
  const killed = await start(durable('taken over', everything));
  await Promise.all(writers.map((writer) => writer.loaded()));
  for (const writer of writers) writer.go();
  await Promise.all(writers.map((writer) => writer.makes(calls)));
  await Promise.all([handing.goesOn('handed over'), killed.goesOn('taken over')]);
  await Promise.all([handing.stop(), killed.kill()]);
  const heir = await start(
    durable('handed over', paid),
    durable('taken over', everything),
    live('late', everything),
  );
  await Promise.all(writers.map((writer) => writer.makes(calls)));
  await Promise.all(writers.map((writer) => writer.stop()));
  const remaining = [constant, heir];
  await Promise.all(remaining.map((participant) => participant.quiet()));

  const file = await round.file('end.record');
  const journal = new Journal(file);
  const store = openStore('path' in options ? { sqlite: options.path } : { postgres: options.url });
  const events = [{ event_type: 'ended', payload: {} }];
  const end = await journal.make('end', store, { kind: 'append', events });
  await store.close();
  journal.close();
  if (end.kind !== 'committed') throw new Error(`The end was ${JSON.stringify(end)}`);
  for (const participant of remaining) {
    for (const { name } of participant.streams) await participant.reaches(name, end.last);
  }
  await Promise.all(remaining.map((participant) => participant.stop()));

  const runs = (name: string, ...participants: Participant[]) =>
    participants.map((participant) => participant.deliveries(name));
  const processes = [...writers, constant, handing, killed, heir];
  return {
    ...(await readLog(databaseOf(options))),
    calls: [...processes.flatMap((process) => process.calls), ...readCalls(file)],
    deliveries: [
      constant.live('live'),
      constant.live('live, filtered'),
      heir.live('late'),
      { name: 'durable', query: everything, after: 0, runs: runs('durable', constant) },
      {
        name: 'durable, filtered',
        query: paid,
        after: 0,
        runs: runs('durable, filtered', constant),
      },
      { name: 'handed over', query: paid, after: 0, runs: runs('handed over', handing, heir) },
      {
        name: 'taken over',
        query: everything,
        after: 0,
        runs: runs('taken over', killed, heir),
        // It may have been killed between the handler's success and the cursor's write.
        mayRepeat: 1,
      },
    ],
  };
}

/** Appends that two processes make, each of them once. */
function repeatedAppends(): (AppendCall | AppendIfCall)[] {
  return Array.from({ length: REPEATED }, (_, number) => {
    const cart = { cart: number };
    const events = Array.from({ length: 1 + (number % 3) }, (_, n) => ({
      event_type: 'paid',
      payload: { by: 'both', number, n, ...cart },
    }));
    const appendId = `both/${number}`;
    if (number % 2 === 0) return { kind: 'append', events, appendId };
    const query = { filters: [{ payload_predicates: [cart] }] };
    return { kind: 'appendIf', events, query, expected: null, appendId };
  });
}
