import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { Database } from '../fixtures/effects.js';

/** A data source of the read model's, and what makes projections transactional. */
export function readModel(database: Database): DynamicModule[] {
  return [
    TypeOrmModule.forRoot(
      database.kind === 'postgres'
        ? { type: 'postgres', url: database.url }
        : { type: 'better-sqlite3', database: database.path },
    ),
    FactstrTypeOrmModule.forRoot(),
  ];
}
