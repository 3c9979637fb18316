import { Injectable, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  DurableProjection,
  FactstrModule,
  FactstrStore,
  OnFacts,
  defineFacts,
  fact,
  factQuery,
  facts,
} from 'nestjs-factstr';
import type { FactRecord, FactsOf, StandardSchema } from 'nestjs-factstr';
import { FactstrSqliteStore } from 'nestjs-factstr/stores';
import { TestClock, createTestStore, drained } from 'nestjs-factstr/testing';
import type { TestStore, TestedApplication } from 'nestjs-factstr/testing';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';

/** Of any library; no package of the specification is installed. */
declare const counted: StandardSchema<
  { sku: string; shelf?: number | undefined },
  { sku: string; shelf: number }
>;
export const shelfFacts = defineFacts({ 'item-counted': { schema: counted, matchable: ['sku'] } });

declare module 'nestjs-factstr' {
  interface FactMap extends FactsOf<typeof shelfFacts> {
    'item-added': { sku: string; count: number };
  }
}

shelfFacts.facts('item-counted').where({ sku: 'x' });
// @ts-expect-error a default may supply it
facts('item-counted').where({ shelf: 1 });

@Injectable()
export class Inventory {
  constructor(readonly store: FactstrStore) {}

  @DurableProjection({ name: 'inventory', query: 'item-added', transactional: true })
  async project(
    added: FactRecord<'item-added'>[],
    { manager }: TransactionalContext,
  ): Promise<void> {
    for (const { payload } of added) await manager.insert('item', { sku: payload.sku.trim() });
  }

  @OnFacts('item-counted')
  onCounted(items: FactRecord<'item-counted'>[]): void {
    items[0]!.payload.shelf.toFixed();
  }

  @OnFacts(['item-added'])
  onAdded(added: FactRecord<'item-added'>[]): void {
    added[0]!.payload.count.toFixed();
  }

  // @ts-expect-error the parameter does not fit the decorator
  @OnFacts('item-added')
  wrong(added: { sequence_number: string }[]): void {
    added.length.toFixed();
  }

  async add(sku: string): Promise<bigint> {
    const appended = await this.store.decide(
      factQuery(facts('item-added').where({ sku })),
      ({ event_records }) => [fact('item-added', { sku, count: event_records.length })],
    );
    return appended!.last_sequence_number;
  }
}

@Module({
  imports: [
    FactstrModule.forRoot({ provider: 'sqlite', path: 'facts.sqlite' }),
    TypeOrmModule.forRoot({ type: 'better-sqlite3', database: 'reads.sqlite' }),
    FactstrTypeOrmModule,
  ],
  providers: [Inventory],
})
export class AppModule {}

export async function test(app: TestedApplication): Promise<TestStore> {
  await drained(app, { timeout: 5_000, names: ['inventory'] });
  return createTestStore({ now: new TestClock({ step: 1 }) });
}

export const version: bigint | null | undefined = new FactstrSqliteStore('other.sqlite').query(
  {},
).current_context_version;
