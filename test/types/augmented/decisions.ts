import {
  FactstrMemoryStore,
  FactstrStore,
  decisionModel,
  defineDecision,
  fact,
  facts,
  model,
} from 'nestjs-factstr';
import type {
  AppendResult,
  BoundModel,
  Decided,
  DecisionDefinition,
  FactRecord,
  ModelState,
  StatesOf,
} from 'nestjs-factstr';
import type { Same } from '../same.js';

const store = FactstrStore.of(new FactstrMemoryStore());

// A model: its state is inferred, its reducers get the facts of their types.
const stock = decisionModel('types: stock', (sku: string, row?: number) =>
  model({ added: 0, tags: [''], reason: null as null | 'sold' | 'broken' })
    .on('item-added', { sku }, (state, record) => {
      true satisfies Same<typeof record, FactRecord<'item-added'>>;
      return {
        ...state,
        added: state.added + (row ?? 1),
        tags: [...state.tags, ...record.payload.tags],
      };
    })
    .on(['item-added', 'item-removed'], { sku }, (state, { event_type, payload }) => {
      true satisfies Same<typeof event_type, 'item-added' | 'item-removed'>;
      return { ...state, tags: [payload.sku] };
    })
    .on(facts('item-removed').where({ sku }, { reason: 'sold' }), (state, { payload }) => ({
      ...state,
      reason: payload.reason,
    })),
);
const total = decisionModel('types: total', () =>
  model(0).on('counted', (sum, { payload }) => sum + payload),
);
const names = decisionModel('types: names', () =>
  model<string[]>([]).on('item-added', (all, { payload }) => [...all, payload.sku]),
);

type Stock = { added: number; tags: string[]; reason: null | 'sold' | 'broken' };
stock('x') satisfies BoundModel<Stock>;
stock('x', 1) satisfies BoundModel<Stock>;
total() satisfies BoundModel<number>;
true satisfies Same<StatesOf<{ a: BoundModel<Stock> }>['a'], Stock>;
// @ts-expect-error the state is another one
stock('x') satisfies BoundModel<number>;
// @ts-expect-error an argument of another type
stock(1);
// @ts-expect-error an argument is missing
stock();

// @ts-expect-error no such type
model(0).on('item-lost', (sum) => sum);
// @ts-expect-error no such type among them
model(0).on(['counted', 'item-lost'], (sum) => sum);
// @ts-expect-error a part of another type
model(0).on('item-added', { sku: 1 }, (sum) => sum);
// @ts-expect-error no such part
model(0).on('item-added', { colour: 'red' }, (sum) => sum);
// @ts-expect-error a reducer returns the state
model(0).on('counted', () => 'seven');
// @ts-expect-error a reducer returns something
model(0).on('counted', () => undefined);
// @ts-expect-error a member of the state is left out
model({ a: 0, b: 0 }).on('counted', ({ a }) => ({ a }));
// @ts-expect-error a payload has no such member
model(0).on('item-added', (sum, { payload }) => sum + payload.count);
// @ts-expect-error a wrong cast: the payload is a number
model(0).on('counted', (sum, { payload }) => sum + (payload as { count: number }).count);
// @ts-expect-error the state has no such member
model({ a: 0 }).on('counted', (state) => ({ a: state.b }));

// A decision: typed states, and facts of the map only.
async function decisions(): Promise<void> {
  const one = await store.decide({ stock: stock('x'), total: total() }, (states, context) => {
    true satisfies Same<typeof states.total, number>;
    states.stock satisfies Stock;
    true satisfies Same<typeof context.version, bigint | null>;
    return fact('counted', states.total + 1);
  });
  // It always comes to a fact.
  true satisfies Same<typeof one, Decided<undefined, AppendResult>>;
  const several = await store.decide({ names: names() }, async ({ names: all }) =>
    all.map((sku) => fact('item-removed', { sku, reason: 'sold' })),
  );
  true satisfies Same<typeof several, Decided>;
  await store.decide({ total: total() }, ({ total: sum }) => {
    if (sum > 3) return undefined;
    return [fact('counted', 1)];
  });
  await store.decide({ total: total() }, () => null);
  await store.decide({ total: total() }, () => {});
  await store.decide({ total: total() }, () => []);
  await store.decide({ total: total() }, () => ({ event_type: 'counted', payload: 3 }));
  const withResult = await store.decide(
    { total: total() },
    ({ total: sum }) => ({ append: fact('counted', 1), result: sum }),
    { retries: 3 },
  );
  true satisfies Same<typeof withResult, Decided<number, AppendResult>>;
  // A recorded append answers without a result.
  const named = await store.decide(
    { total: total() },
    ({ total: sum }) => ({ append: fact('counted', 1), result: sum }),
    { appendId: 'x', command: { n: 1 } },
  );
  true satisfies Same<typeof named, Decided<number | undefined, AppendResult>>;
  const state = await store.state(stock('x'), { upTo: 3n });
  true satisfies Same<typeof state, ModelState<Stock>>;
}
void decisions;

// @ts-expect-error a model is called with its arguments
void store.decide({ total }, () => null);
// @ts-expect-error there is no such state
void store.decide({ total: total() }, ({ sum }) => fact('counted', sum));
// @ts-expect-error a state has no such member
void store.decide({ stock: stock('x') }, (states) => fact('counted', states.stock.removed));
// @ts-expect-error a state is of another type
void store.decide({ stock: stock('x') }, (states) => fact('counted', states.stock.reason));
// @ts-expect-error another type's payload
void store.decide({ total: total() }, () => ({ event_type: 'counted', payload: 'three' }));
// @ts-expect-error no such type
void store.decide({ total: total() }, () => [{ event_type: 'item-lost', payload: 1 }]);
// @ts-expect-error no such type, beside a result
void store.decide({ total: total() }, () => ({
  append: { event_type: 'lost', payload: 1 },
  result: 1,
}));
// @ts-expect-error no outcome
void store.decide({ total: total() }, () => 7);
// @ts-expect-error no such option
void store.decide({ total: total() }, () => null, { retry: 3 });

// A decision as a value.
const add = defineDecision(
  ({ sku }: { sku: string; tags: string[] }) => ({ stock: stock(sku), total: total() }),
  (states, { sku, tags }) => {
    states.stock satisfies Stock;
    states.total satisfies number;
    if (states.stock.added > 0) return null;
    return { append: fact('item-added', { sku, tags, place: { row: 1, shelf: 1 } }), result: sku };
  },
);
async function defined(): Promise<void> {
  const decided = await store.decide(add, { sku: 'x', tags: [] });
  true satisfies Same<typeof decided, Decided<string | undefined>>;
}
void defined;
true satisfies Same<
  typeof add,
  DecisionDefinition<{ sku: string; tags: string[] }, string | undefined>
>;
// @ts-expect-error the input is incomplete
void store.decide(add, { sku: 'x' });
// @ts-expect-error an input is missing
void store.decide(add);
defineDecision(
  (sku: string) => ({ total: total(), stock: stock(sku) }),
  // @ts-expect-error there is no such state
  ({ sum }) => fact('counted', sum),
);
defineDecision(
  (sku: string) => ({ total: total(), stock: stock(sku) }),
  // @ts-expect-error another type's payload
  () => ({ event_type: 'counted', payload: 'three' }),
);
defineDecision(
  // @ts-expect-error a decision depends on something
  () => ({}),
  () => fact('counted', 1),
);
