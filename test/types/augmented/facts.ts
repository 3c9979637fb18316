import {
  FactstrMemoryStore,
  FactstrStore,
  fact,
  factQuery,
  facts,
  foreignFact,
} from 'nestjs-factstr';
import type {
  EventQuery,
  EventRecord,
  FactPayload,
  FactQuery,
  FactRecord,
  FactType,
  NewEvent,
} from 'nestjs-factstr';
import type { Same } from '../same.js';

true satisfies Same<FactType, 'item-added' | 'item-removed' | 'counted'>;
true satisfies Same<FactPayload<'counted'>, number>;
true satisfies Same<FactPayload<'something else'>, unknown>;
true satisfies Same<FactRecord<'counted'>['sequence_number'], bigint>;
true satisfies Same<FactRecord['event_type'], FactType>;

const place = { row: 1, shelf: 2 };

// Events to append.
const added = fact('item-added', { sku: 'x', tags: [], place });
added.payload.sku satisfies string;
added satisfies NewEvent;
fact('counted', 1);
// @ts-expect-error a member is missing
fact('item-added', { sku: 'x', tags: [] });
// @ts-expect-error a member is of another type
fact('item-removed', { sku: 1, reason: 'sold' });
// @ts-expect-error a member's value is none of those
fact('item-removed', { sku: 'x', reason: 'stolen' });
// @ts-expect-error an unknown member
fact('item-removed', { sku: 'x', reason: 'sold', more: 1 });
// @ts-expect-error the payload is another type's
fact('counted', { sku: 'x' });
// @ts-expect-error no such type
fact('item-lost', {});

// Queries.
facts('item-added').where({ sku: 'x' }) satisfies object;
facts('item-added').where({ place: { row: 1 } }, { tags: ['a'] });
facts('item-added', 'item-removed').where({ sku: 'x' });
facts('item-removed').where({ reason: 'sold' }).where({ reason: 'broken' });
facts('counted').where(1);
facts().where({ sku: 'x' });
factQuery(facts('item-added').where({ sku: 'x' }), facts('counted')) satisfies EventQuery;
factQuery({ event_types: ['whatever'] });
// @ts-expect-error no such type
facts('item-lost');
// @ts-expect-error a part of another type
facts('item-added').where({ sku: 1 });
// @ts-expect-error no such part
facts('item-added').where({ colour: 'red' });
// @ts-expect-error no such part, deeper
facts('item-added').where({ place: { column: 1 } });
// @ts-expect-error no such value
facts('item-removed').where({ reason: 'stolen' });
// @ts-expect-error a number contains no members
facts('counted').where({ sku: 'x' });

// The service takes both.
const store = FactstrStore.of(new FactstrMemoryStore());
void store.append([added, fact('counted', 2)]);
void store.append([{ event_type: 'counted', payload: 2 }]);
// @ts-expect-error no such type
void store.append([{ event_type: 'untyped', payload: 1 }]);
// @ts-expect-error another type's payload
void store.append([{ event_type: 'counted', payload: { sku: 'x' } }]);
declare const anyEvent: NewEvent;
// @ts-expect-error an event of any type
void store.append([anyEvent]);
// The way round, for the facts of others.
void store.append([added, foreignFact('untyped', { anything: 1 })]);
void store.appendIf([foreignFact('untyped', 1)], {}, null);
// @ts-expect-error no such type, in a conditional append
void store.appendIf([{ event_type: 'untyped', payload: 1 }], {}, null);
void store.decide({}, () => [foreignFact('untyped', 1)]);
// @ts-expect-error no such type, in a decision
void store.decide({}, () => [{ event_type: 'untyped', payload: 1 }]);
// @ts-expect-error another type's payload, in a decision
void store.decide(factQuery(facts('counted')), () => [{ event_type: 'counted', payload: '1' }]);

// A query keeps its types, and is a plain one.
const query = factQuery(facts('counted'), facts('item-removed').where({ sku: 'x' }));
query satisfies FactQuery<'counted' | 'item-removed'>;
query satisfies EventQuery;
factQuery() satisfies FactQuery;
// @ts-expect-error of other types
query satisfies FactQuery<'counted'>;
// @ts-expect-error a plain query says nothing of types
({ filters: null }) satisfies FactQuery;
async function reads(): Promise<void> {
  const { event_records } = await store.query(query);
  true satisfies Same<(typeof event_records)[number], FactRecord<'counted' | 'item-removed'>>;
  for (const record of event_records) {
    if (record.event_type === 'counted') record.payload satisfies number;
    else record.payload.reason satisfies 'sold' | 'broken';
  }
  for await (const record of store.read(query)) {
    true satisfies Same<typeof record, FactRecord<'counted' | 'item-removed'>>;
  }
  const plain = await store.query({ filters: null });
  true satisfies Same<(typeof plain.event_records)[number], EventRecord>;
  await store.streamTo(query, (records) => {
    true satisfies Same<(typeof records)[number], FactRecord<'counted' | 'item-removed'>>;
  });
}
void reads;

// A decision sees the types of its query.
void store.decide(query, ({ event_records }) => {
  true satisfies Same<(typeof event_records)[number], FactRecord<'counted' | 'item-removed'>>;
  return [];
});
void store.decide(factQuery(facts('counted')), ({ event_records }) =>
  event_records.length > 0 ? [] : [fact('counted', 3)],
);
void store.decide({}, async () => [added], { retries: 3 });
// @ts-expect-error a decision is a list
void store.decide({}, () => added);
