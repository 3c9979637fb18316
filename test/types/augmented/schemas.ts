import { FactstrMemoryStore, FactstrStore } from 'nestjs-factstr';
import type {
  FactFilter,
  FactInput,
  FactPart,
  FactPayload,
  FactQuery,
  FactRecord,
  FactStored,
  SchemaPayload,
} from 'nestjs-factstr';
import type { Same } from '../same.js';

// A store with facts of its own, whose types have schemas.
interface Billing {
  'invoice-sent': SchemaPayload<
    { id: string; due?: Date | undefined; net: number; lines?: { sku: string; count?: number }[] },
    { id: string; due: Date; net: bigint; lines: { sku: string; count: number }[] }
  >;
  'invoice-paid': SchemaPayload<
    { id: string; by: { name: string; retried?: boolean } },
    { id: string; by: { name: string; retried: boolean } }
  >;
  noted: SchemaPayload<string, string>;
  plain: { at: Date };
}

true satisfies Same<FactInput<'noted', Billing>, string>;
true satisfies Same<FactInput<'invoice-sent', Billing>['net'], number>;
true satisfies Same<FactPayload<'invoice-sent', Billing>['net'], bigint>;
true satisfies Same<FactStored<'invoice-sent', Billing>['due'], string | undefined>;
true satisfies Same<FactStored<'plain', Billing>, { at: string }>;

// A predicate names what is stored, and nothing that the schema may supply.
({ id: 'x' }) satisfies FactPart<'invoice-sent', Billing>;
// @ts-expect-error a transformation makes it
({ net: 1 }) satisfies FactPart<'invoice-sent', Billing>;
// @ts-expect-error a default may supply it
({ lines: [] }) satisfies FactPart<'invoice-sent', Billing>;
({ by: { name: 'x' } }) satisfies FactPart<'invoice-paid', Billing>;
// @ts-expect-error a default may supply it, deeper
({ by: { retried: true } }) satisfies FactPart<'invoice-paid', Billing>;
'x' satisfies FactPart<'noted', Billing>;
({ at: '2026-01-01' }) satisfies FactPart<'plain', Billing>;
// @ts-expect-error it is stored as text
({ at: new Date() }) satisfies FactPart<'plain', Billing>;

const store = FactstrStore.of<Billing>(new FactstrMemoryStore());
void store.append([
  { event_type: 'invoice-sent', payload: { id: 'x', net: 1 } },
  { event_type: 'noted', payload: 'x' },
]);
// @ts-expect-error the output is not what an append takes
void store.append([{ event_type: 'invoice-sent', payload: { id: 'x', net: 1n } }]);
// @ts-expect-error a type of the application's other facts
void store.append([{ event_type: 'counted', payload: 1 }]);

declare const filter: FactFilter<'invoice-sent' | 'noted', Billing>;
filter.where({ id: 'x' }, 'text');
// @ts-expect-error no such member
filter.where({ key: 'x' });

declare const query: FactQuery<'invoice-sent', Billing>;
void store.query(query).then(({ event_records }) => {
  true satisfies Same<(typeof event_records)[number], FactRecord<'invoice-sent', Billing>>;
  event_records[0]!.payload.due satisfies Date;
});
void store.decide(query, ({ event_records }) =>
  event_records.map(({ payload }) => ({ event_type: 'noted' as const, payload: payload.id })),
);
