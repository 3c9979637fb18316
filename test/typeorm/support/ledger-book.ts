import { Injectable } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { TypeOrmModule, getDataSourceToken } from '@nestjs/typeorm';
import { FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import type { DataSourceOptions, EntityManager } from 'typeorm';
import { join } from 'node:path';
import type { Fixtures } from '../../e2e/module/support/fixtures.js';

/** One row for every time that a fact took effect: twice shows. */
@Entity('effects')
export class EffectRow {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('int')
  sequence_number!: number;
}

export type ReadModelKind = 'sqlite' | 'postgres';

/** Options of a data source with a database of its own. */
export async function readModelOptions(
  kind: ReadModelKind,
  fixtures: Fixtures,
): Promise<DataSourceOptions> {
  const common = { entities: [EffectRow], synchronize: true };
  return kind === 'sqlite'
    ? {
        type: 'better-sqlite3',
        database: join(await fixtures.folder(), 'read-model.sqlite'),
        ...common,
      }
    : { type: 'postgres', url: (await fixtures.database()).url, ...common };
}

/** What a test's handler does after the effects were written. */
@Injectable()
export class Script {
  readonly calls: { numbers: number[]; attempt: number }[] = [];
  after: (facts: EventRecord[], manager: EntityManager) => unknown = () => undefined;
}

export async function applyAll(facts: EventRecord[], manager: EntityManager): Promise<void> {
  for (const { sequence_number } of facts) {
    await manager.insert(EffectRow, { sequence_number: Number(sequence_number) });
  }
}

export interface BookApp {
  readonly app: TestingModule;
  readonly store: FactstrStore;
  readonly projections: FactstrProjections;
  readonly script: Script;
  readonly dataSource: DataSource;
  /** The facts that took effect, in order. */
  readonly effects: () => Promise<number[]>;
}

export async function startBook(
  fixtures: Fixtures,
  options: {
    facts: FactstrOptions;
    readModel: DataSourceOptions & { name?: string };
    handlers: Type[];
    imports?: (DynamicModule | Type)[];
  },
): Promise<BookApp> {
  const app = await fixtures.app({
    imports: [
      FactstrModule.forRoot(options.facts),
      TypeOrmModule.forRoot({ ...options.readModel, retryAttempts: 0 }),
      FactstrTypeOrmModule,
      ...(options.imports ?? []),
    ],
    providers: [Script, ...options.handlers],
  });
  const dataSource = app.get<DataSource>(getDataSourceToken(options.readModel.name), {
    strict: false,
  });
  return {
    app,
    store: app.get(FactstrStore),
    projections: app.get(FactstrProjections),
    script: app.get(Script),
    dataSource,
    effects: () => effectsOf(dataSource),
  };
}

export async function effectsOf(dataSource: DataSource): Promise<number[]> {
  const rows = await dataSource.manager.find(EffectRow, { order: { id: 'ASC' } });
  return rows.map(({ sequence_number }) => sequence_number);
}

export function numbered(count: number): { event_type: string; payload: { n: number } }[] {
  return Array.from({ length: count }, (_none, n) => ({ event_type: 'counted', payload: { n } }));
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_none, index) => index + 1);
}
