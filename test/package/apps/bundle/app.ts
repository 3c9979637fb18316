import 'reflect-metadata';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DurableProjection,
  FactstrModule,
  FactstrPostgresStore,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';

// Bundlers do not emit the types of constructor parameters: tokens are named.

@Injectable()
class Inventory {
  readonly live: bigint[] = [];

  constructor(@Inject(FactstrStore) readonly store: FactstrStore) {}

  @DurableProjection({ name: 'inventory', query: { filters: [{ event_types: ['item-added'] }] } })
  project(_facts: EventRecord[]): void {}

  @OnFacts()
  onAdded(facts: EventRecord[]): void {
    for (const { sequence_number } of facts) this.live.push(sequence_number);
  }
}

@Module({
  imports: [FactstrModule.forRoot({ provider: 'sqlite', path: 'data/facts.sqlite' })],
  providers: [Inventory],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const { store, live } = app.get(Inventory);
  const events = [{ event_type: 'item-added', payload: { sku: 'a' } }];
  const appended = [(await store.append(events)).last_sequence_number];
  await app.get(FactstrProjections).waitFor('inventory', appended[0]!);
  while (live.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await app.close();
  const postgres = new FactstrPostgresStore(process.argv[2]!);
  appended.push((await postgres.append(events)).last_sequence_number);
  await postgres.close();
  console.log(JSON.stringify(appended.map(String)));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
