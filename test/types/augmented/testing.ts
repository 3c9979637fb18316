import { decisionModel, defineDecision, fact, factQuery, facts, model } from 'nestjs-factstr';
import { createTestStore, specifyDecision, specifyProjection } from 'nestjs-factstr/testing';
import type { TestedApplication } from 'nestjs-factstr/testing';

// The kit takes the application's facts, and the inputs of its decisions.
const stock = decisionModel('types: kit', (sku: string) =>
  model({ left: 0 }).on('item-added', { sku }, ({ left }) => ({ left: left + 1 })),
);
const remove = defineDecision(
  (sku: string) => ({ stock: stock(sku) }),
  ({ stock: { left } }, sku) => ({
    append: fact('item-removed', { sku, reason: 'sold' }),
    result: { left: left - 1 },
  }),
);
const added = fact('item-added', { sku: 'a', tags: [], place: { row: 1, shelf: 1 } });

export async function specified(app: TestedApplication): Promise<void> {
  const test = specifyDecision(remove).given(added).givenUnrelated(fact('counted', 1));
  await test.when('a').then(fact('item-removed', { sku: 'a', reason: 'sold' }));
  await test.when('a').then(({ facts: [first], result }) => {
    first?.event_type satisfies string | undefined;
    result.left satisfies number;
  });
  await test.when('a').raced('b');
  // @ts-expect-error the input is another one
  test.when(5);
  // @ts-expect-error no such fact
  test.given({ event_type: 'item-lost', payload: {} });
  // @ts-expect-error another payload
  await test.when('a').then({ event_type: 'item-removed', payload: { sku: 'a', reason: 'lost' } });
  // @ts-expect-error what it comes to is not said
  await test.when('a');

  await specifyProjection(app, 'stock', { snapshot: () => [] })
    .given(added, [added, fact('counted', 2)])
    .then(() => undefined);
  // @ts-expect-error no such fact
  specifyProjection(app, 'stock').given({ event_type: 'item-lost', payload: {} });

  const store = createTestStore();
  const found = await store.query(factQuery(facts('item-added')));
  found.event_records[0]?.payload.sku satisfies string | undefined;
  // @ts-expect-error no such fact
  await store.append([{ event_type: 'item-lost', payload: {} }]);
}
