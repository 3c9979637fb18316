import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TRANSACTIONAL_EFFECTS } from '../projections/delivery/transactional-effects.js';
import { TypeOrmTransactionalEffects } from './typeorm.transactional-effects.js';

/**
 * Lets projections be `transactional`: what they write through TypeORM, and their cursor, commit together. Import
 * it once, beside `FactstrModule` and `TypeOrmModule`.
 *
 * @publicApi
 */
@Global()
@Module({
  providers: [{ provide: TRANSACTIONAL_EFFECTS, useClass: TypeOrmTransactionalEffects }],
  exports: [TRANSACTIONAL_EFFECTS],
})
export class FactstrTypeOrmModule {
  static forRoot(): DynamicModule {
    return { module: FactstrTypeOrmModule };
  }
}
