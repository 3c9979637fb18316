import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { DatabaseUnavailableError } from '../../lib/contract/errors.js';
import { HandlerFailure } from '../../lib/projections/delivery/call-handler.js';
import { handledError } from '../../lib/typeorm/typeorm.errors.js';
import { createDatabase } from '../support/postgres.js';
import type { TestDatabase } from '../support/postgres.js';

describe('A read model whose server is read-only', () => {
  let database: TestDatabase;
  let source: DataSource;

  beforeAll(async () => {
    database = await createDatabase();
    source = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    await source.query('CREATE TABLE effects (n int)');
  });

  afterAll(async () => {
    await source?.destroy();
    await database?.drop();
  });

  it('has failed by itself, also where the handler met it first: that is no attempt of the handler', async () => {
    const runner = source.createQueryRunner();
    await runner.query('BEGIN READ ONLY');
    const refused: unknown = await runner.query('INSERT INTO effects VALUES (1)').then(
      () => undefined,
      (error: unknown) => error,
    );
    await runner.query('ROLLBACK');
    await runner.release();
    for (const error of [refused, new HandlerFailure(refused, [])]) {
      const told = handledError(error, 'the read model', false);
      expect(told).toBeInstanceOf(DatabaseUnavailableError);
      expect(told.message).toMatch(/read-only/);
    }
  });
});
