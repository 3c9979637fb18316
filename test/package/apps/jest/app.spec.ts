import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DurableProjection,
  FactstrModule,
  FactstrPostgresStore,
  FactstrProjections,
  FactstrStore,
  fact,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { FactstrMemoryStore } from 'nestjs-factstr/stores';
import { drained } from 'nestjs-factstr/testing';

@Injectable()
class Inventory {
  readonly skus: string[] = [];

  constructor(readonly store: FactstrStore) {}

  @DurableProjection({ name: 'inventory', query: { filters: [{ event_types: ['item-added'] }] } })
  project(facts: EventRecord[]): void {
    for (const { payload } of facts) this.skus.push((payload as { sku: string }).sku);
  }
}

@Module({
  imports: [FactstrModule.forRoot({ provider: 'sqlite', path: 'data/facts.sqlite' })],
  providers: [Inventory],
})
class AppModule {}

describe('An application', () => {
  it('runs under Jest', async () => {
    const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = await testing.init();
    const inventory = app.get(Inventory);
    await inventory.store.append([fact('item-added', { sku: 'a' })]);
    await app.get(FactstrProjections).drained();
    await drained(app);
    expect(inventory.skus).toEqual(['a']);
    await app.close();
  });

  it('finds both drivers, and one copy of the package', async () => {
    const stores: unknown = await import('nestjs-factstr/stores');
    expect(stores).toMatchObject({ FactstrMemoryStore });
    const postgres = new FactstrPostgresStore('postgres://127.0.0.1:1/facts');
    await expect(postgres.connect()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await postgres.close();
  });
});
