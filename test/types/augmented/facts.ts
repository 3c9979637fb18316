import { FactstrMemoryStore, FactstrStore, fact, factQuery, facts } from 'nestjs-factstr';
import type { EventQuery, FactPayload, FactRecord, FactType, NewEvent } from 'nestjs-factstr';
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
void store.append([{ event_type: 'untyped is possible', payload: 1 }]);
void store.decide(factQuery(facts('counted')), ({ event_records }) =>
  event_records.length > 0 ? [] : [fact('counted', 3)],
);
void store.decide({}, async () => [added], { retries: 3 });
// @ts-expect-error a decision is a list
void store.decide({}, () => added);
