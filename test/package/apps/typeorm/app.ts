import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { DataSource } from 'typeorm';

@Entity()
class Added {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'text' })
  sku!: string;
}

@Injectable()
class Additions {
  @DurableProjection({
    name: 'additions',
    query: { filters: [{ event_types: ['item-added'] }] },
    transactional: true,
  })
  async project(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    // A copy: TypeORM writes the new id into what it is given, and records are frozen.
    const rows = facts.map(({ payload }) => ({ ...(payload as { sku: string }) }));
    await manager.insert(Added, rows);
  }
}

@Module({
  imports: [
    FactstrModule.forRoot({ provider: 'sqlite', path: 'data/facts.sqlite' }),
    TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      database: 'data/reads.sqlite',
      entities: [Added],
      synchronize: true,
    }),
    FactstrTypeOrmModule,
  ],
  providers: [Additions],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const skus = ['a', 'b', 'c'].map((sku) => ({ event_type: 'item-added', payload: { sku } }));
  await app.get(FactstrStore).append(skus);
  await app.get(FactstrProjections).waitFor('additions', 3n);
  const rows = await app.get<DataSource>(getDataSourceToken()).getRepository(Added).count();
  await app.close();
  console.log(JSON.stringify({ rows }));
}

void main();
