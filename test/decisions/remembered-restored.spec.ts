import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { decisionModel, defineFacts, model, FactstrStore } from 'nestjs-factstr';
import type { BoundModel, EventRecord, FactStore, NewEvent } from 'nestjs-factstr';
import type { DefinedFacts } from '../../lib/facts/schemas/fact-schemas.js';
import { memory } from '../support/providers/memory.js';
import { postgres } from '../support/providers/postgres.js';
import { databasesOf } from '../support/providers/provider.js';
import type { Database, Provider, SharedDatabase } from '../support/providers/provider.js';
import { sqlite } from '../support/providers/sqlite.js';

// Databases are made, restored and read again and again.
jest.setTimeout(120_000);

const RUNS = Number(process.env['DECISIONS_RUNS'] ?? 6);

/** Facts of the former type are read as those of the new one. */
const schemas = defineFacts({
  'counted.v2': {
    schema: z.object({ key: z.string(), amount: z.number().default(1) }),
    from: {
      counted: {
        up: (old) => ({ key: (old as { id: string }).id, amount: (old as { n: number }).n }),
        where: (part) => ({ id: (part as { key: string }).key }),
      },
    },
  },
  reset: z.object({ key: z.string() }),
});

interface Counted {
  key: string;
  amount: number;
}

const tally = decisionModel('remembered: tally', (key: string) =>
  model({ sum: 0, resets: 0, newest: '0' })
    .on('counted.v2', { key }, (state, { payload, sequence_number }) => ({
      ...state,
      sum: state.sum + (payload as Counted).amount,
      newest: String(sequence_number),
    }))
    .on('reset', { key }, (state, { sequence_number }) => ({
      sum: 0,
      resets: state.resets + 1,
      newest: String(sequence_number),
    })),
);
const history = decisionModel('remembered: history', () =>
  model<number[]>([]).on('counted.v2', (all, { payload }) => [...all, (payload as Counted).amount]),
);
/** Handlers that have a type in common. */
const both = decisionModel('remembered: both', (key: string) =>
  model({ facts: 0, resets: 0 })
    .on(['counted.v2', 'reset'], { key }, (state) => ({ ...state, facts: state.facts + 1 }))
    .on('reset', (state) => ({ ...state, resets: state.resets + 1 })),
);

const KEYS = ['a', 'b'];

/** What the models' states have to be, of facts as they are stored. */
function statesOf(stored: readonly EventRecord[]): unknown[] {
  const facts = stored.map(({ event_type, payload, sequence_number }) => {
    const {
      id,
      n,
      key = id,
      amount = n ?? 1,
    } = payload as Partial<Counted> & {
      id?: string;
      n?: number;
    };
    return { isReset: event_type === 'reset', key, amount, newest: String(sequence_number) };
  });
  const tallies = KEYS.map((key) =>
    facts
      .filter((fact) => fact.key === key)
      .reduce(
        ({ sum, resets }, { isReset, amount, newest }) => ({
          sum: isReset ? 0 : sum + amount,
          resets: isReset ? resets + 1 : resets,
          newest,
        }),
        { sum: 0, resets: 0, newest: '0' },
      ),
  );
  return [
    ...tallies,
    facts.filter(({ isReset }) => !isReset).map(({ amount }) => amount),
    {
      facts: facts.filter(({ key }) => key === 'a').length,
      resets: facts.filter(({ isReset }) => isReset).length,
    },
  ];
}

const models = (): BoundModel<unknown>[] => [
  ...KEYS.map((key) => tally(key)),
  history(),
  both('a'),
];

type Step =
  | { kind: 'own' | 'foreign'; facts: NewEvent[] }
  | { kind: 'back up' }
  | { kind: 'restore'; facts: NewEvent[] }
  | { kind: 'decide'; key: string }
  | { kind: 'look back'; by: number };

const key = fc.constantFrom(...KEYS);
const counted = fc.record({
  event_type: fc.constant('counted.v2'),
  payload: fc.record({ key, amount: fc.nat(9) }),
});
const reset = fc.record({ event_type: fc.constant('reset'), payload: fc.record({ key }) });
const former = fc.record({
  event_type: fc.constant('counted'),
  payload: fc.record({ id: key, n: fc.nat(9) }),
});

function stepsOf(isShared: boolean, hasSchemas: boolean): fc.Arbitrary<Step[]> {
  const own = fc.array(fc.oneof(counted, reset), { minLength: 1, maxLength: 4 });
  const others = hasSchemas
    ? fc.array(fc.oneof(counted, reset, former), { minLength: 1, maxLength: 4 })
    : own;
  const kinds: fc.Arbitrary<Step>[] = [
    fc.record({ kind: fc.constant('own' as const), facts: own }),
    fc.record({ kind: fc.constant('decide' as const), key }),
    fc.record({ kind: fc.constant('look back' as const), by: fc.nat(5) }),
  ];
  if (isShared) {
    kinds.push(
      fc.record({ kind: fc.constant('foreign' as const), facts: others }),
      fc.record({ kind: fc.constant('back up' as const) }),
      fc.record({ kind: fc.constant('restore' as const), facts: others }),
    );
  }
  return fc.array(fc.oneof(...kinds), { minLength: 4, maxLength: 16 });
}

/** A log with a service that remembers, and other stores on it as other processes have them. */
class Log {
  #copy: (() => Promise<void>) | undefined;

  constructor(
    private readonly database: Database | SharedDatabase,
    private readonly service: FactstrStore<object>,
    private readonly plain: FactStore,
  ) {}

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'own':
        await this.service.append(step.facts);
        break;
      case 'foreign':
        await this.plain.append(step.facts);
        break;
      case 'back up':
        this.#copy = await (this.database as SharedDatabase).backUp();
        break;
      case 'restore':
        // Without facts after it, it may be the log that was there.
        await this.#copy?.();
        this.#copy = undefined;
        await this.plain.append(step.facts);
        break;
      case 'decide':
        await this.#decide(step.key);
        break;
      case 'look back':
        await this.#lookBack(step.by);
    }
  }

  async expectStates(): Promise<void> {
    const stored = await this.#stored();
    const found = [];
    for (const one of models()) found.push((await this.service.state(one)).state);
    expect(found).toEqual(statesOf(stored));
  }

  async #decide(key: string): Promise<void> {
    const [a, b, , one] = statesOf(await this.#stored());
    const decided = await this.service.decide(
      { tally: tally(key), both: both('a') },
      (states) => {
        expect(states).toEqual({ tally: key === 'a' ? a : b, both: one });
        return { event_type: 'counted.v2', payload: { key, amount: 1 } };
      },
      { retries: 0 },
    );
    expect(decided.appended).not.toBeNull();
  }

  async #lookBack(by: number): Promise<void> {
    const stored = await this.#stored();
    const upTo = BigInt(Math.max(0, stored.length - by));
    const expected = statesOf(stored.filter(({ sequence_number }) => sequence_number <= upTo));
    for (const [index, one] of models().entries()) {
      const { state, head } = await this.service.state(one, { upTo });
      expect({ state, head }).toEqual({ state: expected[index], head: upTo });
    }
  }

  async #stored(): Promise<EventRecord[]> {
    return (await this.plain.query({})).event_records;
  }
}

describe.each<Provider<Database | SharedDatabase>>([memory, sqlite, postgres])(
  'A remembered state on $name',
  (provider) => {
    const create = databasesOf(provider);

    it.each([
      ['with schemas', schemas],
      ['without schemas', undefined],
    ] as [string, DefinedFacts<never> | undefined][])(
      'is what all facts make, whatever becomes of the log: %s',
      async (_, facts) => {
        const isShared = provider.name !== 'memory';
        await fc.assert(
          fc.asyncProperty(stepsOf(isShared, facts !== undefined), async (steps) => {
            const database = await create();
            const own = await database.open(facts === undefined ? {} : { facts });
            const plain = isShared ? await database.open() : own;
            const log = new Log(database, FactstrStore.of<object>(own), plain);
            for (const step of steps) {
              await log.take(step);
              await log.expectStates();
            }
          }),
          { numRuns: RUNS },
        );
      },
    );
  },
);
