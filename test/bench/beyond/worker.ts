// One process of the comparison of stores that several processes share. It does what its parent asks for.
import { randomUUID } from 'node:crypto';
import type { FactStore } from '../../../lib/contract/contract.types.js';
import { FactstrNatsStore } from '../../../lib/nats/store.js';
import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import type { Asked, Done, Place } from './asked.js';

let store: FactStore & { connect(): Promise<void> };

process.on('message', (asked: Asked) => {
  void answer(asked).then(
    (done) => process.send!(done),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit());

async function answer(asked: Asked): Promise<Done> {
  switch (asked.do) {
    case 'open': {
      const began = performance.now();
      store = open(asked.place);
      await store.connect();
      return { took: performance.now() - began, count: await head() };
    }
    case 'listen':
      await store.streamAll((facts) => {
        const now = clock();
        for (const { payload } of facts) {
          const { sent } = payload as { sent?: number };
          if (sent !== undefined) process.send!({ delay: now - sent });
        }
      }).started;
      return { took: 0, count: 0 };
    case 'close':
      await store.close();
      return { took: 0, count: 0 };
    default:
      return drive(asked.callers, asked.milliseconds, operations[asked.do]);
  }
}

const operations = {
  append: async (): Promise<boolean> => {
    await store.append([{ event_type: 'noted', payload: { text: 'a fact of some length', n: 1 } }]);
    return true;
  },
  /** Facts that tell when they were sent, one at a time. */
  send: async (): Promise<boolean> => {
    await store.append([{ event_type: 'sent', payload: { sent: clock() } }]);
    return true;
  },
  /** Each into a context of its own. */
  fresh: async (): Promise<boolean> => {
    const course = randomUUID();
    const query = { filters: [{ event_types: ['defined'], payload_predicates: [{ course }] }] };
    const events = [{ event_type: 'defined', payload: { course, seats: 12 } }];
    return (await store.appendIf(events, query, null)).conflict == null;
  },
  /** Every process on the same few contexts; a verdict counts, whichever it is. */
  contended: async (n: number): Promise<boolean> => {
    const course = n % 16;
    const query = { filters: [{ event_types: ['booked'], payload_predicates: [{ course }] }] };
    const { current_context_version } = await store.query({
      ...query,
      min_sequence_number: 2n ** 62n,
    });
    const events = [{ event_type: 'booked', payload: { course } }];
    await store.appendIf(events, query, current_context_version ?? null);
    return true;
  },
};

async function drive(
  callers: number,
  milliseconds: number,
  operation: (n: number) => Promise<boolean>,
): Promise<Done> {
  const began = performance.now();
  let count = 0;
  let next = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - began < milliseconds) if (await operation(next++)) count++;
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { took: performance.now() - began, count };
}

function open(place: Place): FactStore & { connect(): Promise<void> } {
  return place.kind === 'postgres'
    ? new FactstrPostgresStore(place.url)
    : new FactstrNatsStore(place.options);
}

async function head(): Promise<number> {
  const last = await store.query({ filters: [], min_sequence_number: 2n ** 62n });
  return Number(last.current_context_version ?? 0n);
}

/** Milliseconds by a clock that all processes share. */
function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
