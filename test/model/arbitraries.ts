import fc from 'fast-check';
import type { EventQuery, NewEvent } from '../../lib/contract/contract.types.js';
import { newEvent, queriesAbout } from '../support/facts/arbitrary.js';
import { Append, AppendIf } from './commands/appending.js';
import type { Command } from './commands/command.js';
import { Query, Read } from './commands/reading.js';
import { Refused } from './commands/refused.js';
import { Quiesce, Release, Reopen, Settle, Turn } from './commands/running.js';
import { EndDurable, EndLive, StartDurable, StartLive } from './commands/streaming.js';
import type { HandlerPlan } from './test-handler.js';

/** Few facts and contexts, so that appends meet; and odd ones among them. */
const odd = fc.sample(newEvent, { numRuns: 12, seed: 12 });
const event: fc.Arbitrary<NewEvent> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      event_type: fc.constantFrom('a', 'b'),
      payload: fc.record({ cart: fc.nat(2) }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom(...odd) },
);
const events = fc.array(event, { minLength: 1, maxLength: 3 });

const cart = fc.nat(2).map((number) => ({ payload_predicates: [{ cart: number }] }));
const type = fc.constantFrom('a', 'b').map((name) => ({ event_types: [name] }));
const query: fc.Arbitrary<EventQuery> = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(cart, type).map((filter) => ({ filters: [filter] })) },
  { weight: 1, arbitrary: fc.constantFrom<EventQuery>({}, { filters: [] }) },
  { weight: 2, arbitrary: queriesAbout(odd) },
);

const plan: fc.Arbitrary<HandlerPlan> = fc.record({
  pace: fc.constantFrom('at once', 'a turn', 'held'),
  failsAt: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }) },
  ),
  failure: fc.constantFrom('throw', 'rejection', 'false'),
});

const part = fc.integer({ min: 0, max: 99 }).map((hundredths) => hundredths / 100);

/** What a provider can be asked. */
export interface Asked {
  /** Whether several store objects can be open on one database, and open it again. */
  readonly shared: boolean;
  /** Whether it honours append ids. */
  readonly ids: boolean;
}

export function commandsFor({ shared, ids }: Asked): fc.Arbitrary<Iterable<Command>> {
  const store = shared
    ? fc.oneof({ weight: 4, arbitrary: fc.constant(0 as const) }, fc.constant(1 as const))
    : fc.constant(0 as const);
  const append = {
    store,
    events,
    id: ids
      ? fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.constantFrom('i', 'j'))
      : fc.constant(null),
    sameFacts: fc.boolean(),
  };
  const read = {
    store,
    query,
    after: fc.oneof(fc.constant(null), fc.constantFrom(0, 0.5, 1, 1.5)),
    limit: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 4 })),
  };
  const expects = fc.oneof(
    { weight: 3, arbitrary: fc.constant('the version' as const) },
    fc.constantFrom('none' as const, 'an older one' as const, 'a newer one' as const),
  );
  const appends = fc.record(append).map((data) => new Append(data));
  const decisions = fc.record({ ...append, query, expects }).map((data) => new AppendIf(data));
  const commands: fc.Arbitrary<Command>[] = [
    // Often, for everything is about them.
    appends,
    appends,
    appends,
    decisions,
    decisions,
    fc.record(read).map((data) => new Query(data)),
    fc.record(read).map((data) => new Query(data)),
    fc.record(read).map((data) => new Read(data)),
    fc.record({ store, way: part, input: part }).map((data) => new Refused(data, ids)),
    fc
      .record({ store, query: fc.oneof(fc.constant(null), query), plan })
      .map((data) => new StartLive(data)),
    fc.record({ which: part }).map((data) => new EndLive(data)),
    fc
      .record({
        store,
        name: fc.constantFrom('one', 'two'),
        query,
        ownQuery: fc.nat(3).map((n) => n === 0),
        plan,
      })
      .map((data) => new StartDurable(data)),
    fc.record({ which: part }).map((data) => new EndDurable(data)),
    fc.record({ turns: fc.integer({ min: 1, max: 5 }) }).map((data) => new Turn(data)),
    fc.constant(null).map(() => new Release()),
    fc.constant(null).map(() => new Settle()),
    fc.constant(null).map(() => new Quiesce()),
  ];
  if (shared) commands.push(fc.record({ store }).map((data) => new Reopen(data)));
  const replayPath = process.env['MODEL_REPLAY'];
  return fc.commands(commands, {
    maxCommands: 60,
    size: 'max',
    ...(replayPath === undefined ? {} : { replayPath }),
  }) as fc.Arbitrary<Iterable<Command>>;
}
