import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { FactstrJsonInterceptor, FactstrModule } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import { enrolmentFacts } from './enrolment/domain/facts.js';
import { EnrolmentModule } from './enrolment/enrolment.module.js';
import { inputPipe } from './enrolment/http/input.js';
import { RefusalsFilter, StoreErrorsFilter } from './enrolment/http/refusals.filters.js';
import { openReadModel, readModelOptions } from './enrolment/read-model/read-model.database.js';
import { OperationsModule } from './operations/operations.module.js';
import { Settings } from './settings.js';
import { SettingsModule } from './settings.module.js';

@Module({
  imports: [
    FactstrModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: (settings: Settings) => ({ ...settings.facts, facts: enrolmentFacts }),
    }),
    TypeOrmModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: readModelOptions,
      dataSourceFactory: openReadModel,
    }),
    FactstrTypeOrmModule,
    EnrolmentModule,
    OperationsModule,
  ],
  providers: [
    { provide: APP_PIPE, useFactory: inputPipe },
    { provide: APP_FILTER, useClass: RefusalsFilter },
    { provide: APP_FILTER, useClass: StoreErrorsFilter },
    { provide: APP_INTERCEPTOR, useClass: FactstrJsonInterceptor },
  ],
})
export class AppModule {}
