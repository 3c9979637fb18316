import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Logger, Param, Post } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { IdempotencyKey, InvalidOptionsError } from 'nestjs-factstr';
import type { IdempotencyKeyOptions } from 'nestjs-factstr';

interface Request {
  headers: Record<string, string | undefined>;
}
const byUser: IdempotencyKeyOptions<Request> = { scope: ({ headers }) => headers['user']! };

@Controller()
class Api {
  @Post('courses/:id')
  enrol(@Param('id') _id: string, @IdempotencyKey(byUser) key: string) {
    return { key };
  }

  @Post('optional')
  optional(@IdempotencyKey({ scope: 'everyone', optional: true }) key: string | undefined) {
    return { key: key ?? 'none' };
  }
}

let app: INestApplication | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
  jest.restoreAllMocks();
});

describe.each([
  ['express', () => new ExpressAdapter()],
  ['fastify', () => new FastifyAdapter()],
] as const)('@IdempotencyKey() on %s', (name, adapter) => {
  async function start() {
    const module = await Test.createTestingModule({ controllers: [Api] }).compile();
    app = module.createNestApplication(adapter());
    await app.init();
    if (name === 'fastify') {
      await (app as NestFastifyApplication).getHttpAdapter().getInstance().ready();
    }
    return (path: string, headers: Record<string, string>) =>
      request(app!.getHttpServer() as never)
        .post(path)
        .set(headers);
  }

  it('makes an append id of the key, its owner and the request', async () => {
    const post = await start();
    const keyOf = async (path: string, user: string, key: string): Promise<string> => {
      const { body, statusCode } = await post(path, { user, 'idempotency-key': key });
      expect(statusCode).toBe(201);
      return (body as { key: string }).key;
    };
    const key = await keyOf('/courses/1', 'ann', 'k');
    expect(key).toMatch(/^idempotency-key:[\w-]{43}$/);
    // The repetition's, in both forms of the header, whatever the query string.
    expect(await keyOf('/courses/1', 'ann', 'k')).toBe(key);
    expect(await keyOf('/courses/1', 'ann', '"k"')).toBe(key);
    expect(await keyOf('/courses/1?verbose', 'ann', 'k')).toBe(key);
    const others = [
      await keyOf('/courses/1', 'ann', 'l'),
      await keyOf('/courses/1', 'bob', 'k'),
      await keyOf('/courses/2', 'ann', 'k'),
      await keyOf('/optional', 'ann', 'k'),
    ];
    expect(new Set([key, ...others]).size).toBe(5);
  });

  it('refuses a missing or malformed header with 400', async () => {
    const post = await start();
    const missing = await post('/courses/1', { user: 'ann' });
    expect(missing.statusCode).toBe(400);
    expect((missing.body as { message: string }).message).toMatch(/Idempotency-Key is missing/);
    for (const key of ['', ' ', 'a b', 'a, b', '"', 'x'.repeat(256)]) {
      const { statusCode } = await post('/courses/1', { user: 'ann', 'idempotency-key': key });
      expect([key, statusCode]).toEqual([key, 400]);
    }
  });

  it('lets it be absent where it is optional', async () => {
    const post = await start();
    expect((await post('/optional', {})).body).toEqual({ key: 'none' });
    const { body } = await post('/optional', { 'idempotency-key': 'k' });
    expect((body as { key: string }).key).toMatch(/^idempotency-key:/);
    expect((await post('/optional', { 'idempotency-key': 'a b' })).statusCode).toBe(400);
  });

  it('never takes a key without an owner for everyone’s', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    const post = await start();
    expect((await post('/courses/1', { 'idempotency-key': 'k' })).statusCode).toBe(500);
    expect(String(logged.mock.calls[0]![0])).toMatch(/scope of @IdempotencyKey\(\) returned/);
    expect((await post('/courses/1', { user: '', 'idempotency-key': 'k' })).statusCode).toBe(500);
  });
});

describe('@IdempotencyKey()', () => {
  it('asks whose key it is', () => {
    expect(() => IdempotencyKey({} as never)).toThrow(InvalidOptionsError);
    expect(() => IdempotencyKey({ scope: 'user' as never })).toThrow(/scope/);
  });
});
