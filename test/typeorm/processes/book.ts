import { Injectable, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DurableProjection, FactstrModule } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { next, send } from '../../support/child-task.js';
import { EffectRow, applyAll } from '../../support/fixtures/read-models.js';

/** Keeps the book and tells, in the middle of each transaction, how far it is. */
@Injectable()
class Book {
  @DurableProjection({ name: 'book', query: 'counted', transactional: true })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
    send(Number(facts.at(-1)!.sequence_number));
  }
}

@Module({})
class AppModule {}

const { facts, readModel } = await next<{ facts: FactstrOptions; readModel: DataSourceOptions }>();
const root: DynamicModule = {
  module: AppModule,
  imports: [
    FactstrModule.forRoot(facts),
    TypeOrmModule.forRoot({
      ...readModel,
      entities: [EffectRow],
      retryAttempts: 0,
    }),
    FactstrTypeOrmModule,
  ],
  providers: [Book],
};
await NestFactory.createApplicationContext(root, { logger: ['error', 'warn'] });
