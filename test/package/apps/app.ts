import 'reflect-metadata';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  InjectFactstrStore,
  OnFacts,
  fact,
  factQuery,
  facts,
} from 'nestjs-factstr';
import type { FactRecord } from 'nestjs-factstr';

// One application, compiled as an ES module for Nest 12 and as CommonJS for Nest 11.

declare module 'nestjs-factstr' {
  interface FactMap {
    'item-added': { sku: string; count: number };
  }
}

@Injectable()
class Inventory {
  readonly counts = new Map<string, number>();
  readonly live: bigint[] = [];

  constructor(
    readonly store: FactstrStore,
    @InjectFactstrStore('audit') readonly audit: FactstrStore,
  ) {}

  @DurableProjection({ name: 'inventory', query: 'item-added' })
  project(added: FactRecord<'item-added'>[]): void {
    for (const { payload } of added) {
      this.counts.set(payload.sku, (this.counts.get(payload.sku) ?? 0) + payload.count);
    }
  }

  @OnFacts('item-added')
  onAdded(added: FactRecord<'item-added'>[]): void {
    for (const { sequence_number } of added) this.live.push(sequence_number);
  }
}

@Controller()
class InventoryController {
  @Get()
  get(): string {
    return 'ok';
  }
}

@Module({
  imports: [
    FactstrModule.forRoot({ provider: 'sqlite', path: process.argv[2] ?? 'facts.sqlite' }),
    FactstrModule.forRootAsync({ name: 'audit', useFactory: () => ({ provider: 'memory' }) }),
  ],
  providers: [Inventory],
  controllers: [InventoryController],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const inventory = app.get(Inventory);
  await inventory.store.append([fact('item-added', { sku: 'a', count: 2 })]);
  const decided = await inventory.store.decide(
    factQuery(facts('item-added').where({ sku: 'a' })),
    ({ event_records }) => [fact('item-added', { sku: 'a', count: event_records.length })],
  );
  await inventory.audit.append([{ event_type: 'item-added', payload: { sku: 'b', count: 1 } }]);
  await until(() => inventory.live.length === 2 && inventory.counts.get('a') === 3);
  const [status] = await app.get(FactstrProjections).list();
  await app.close();
  console.log(
    JSON.stringify({ decided: String(decided?.last_sequence_number), state: status?.state }),
  );
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

void main();
