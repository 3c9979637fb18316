import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TRANSACTIONAL_COMMITS } from '../projections/transactional/transactional-commits.js';
import { TypeOrmCommits } from './typeorm.commits.js';

/**
 * Lets projections be `transactional`: what they write through TypeORM, and their cursor, commit together. Import
 * it once, beside `FactstrModule` and `TypeOrmModule`.
 *
 * @publicApi
 */
@Global()
@Module({
  providers: [{ provide: TRANSACTIONAL_COMMITS, useClass: TypeOrmCommits }],
  exports: [TRANSACTIONAL_COMMITS],
})
export class FactstrTypeOrmModule {
  static forRoot(): DynamicModule {
    return { module: FactstrTypeOrmModule };
  }
}
