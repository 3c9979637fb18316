import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, HttpException, Logger, Post } from '@nestjs/common';
import type { ArgumentsHost, INestApplication } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { z } from 'zod';
import type { Response } from 'supertest';
import {
  DatabaseUnavailableError,
  FactstrExceptionFilter,
  FactstrModule,
  FactstrStore,
  IndeterminateAppendError,
  WaitTimeoutError,
  defineFacts,
} from 'nestjs-factstr';
import type { FactstrAnswer, FactstrError } from 'nestjs-factstr';

const SECRET = 'the secret of a payload';
const own = defineFacts({ x: z.unknown(), noted: z.object({ note: z.string() }) });

@Controller()
class Api {
  constructor(readonly store: FactstrStore) {}

  @Post('contended')
  contended() {
    const query = { filters: [{ event_types: ['x'] }] };
    return this.store.decide(
      query,
      async () => {
        await this.store.append([{ event_type: 'x', payload: SECRET }]);
        return [{ event_type: 'x', payload: SECRET }];
      },
      { retries: 1 },
    );
  }

  @Post('reused')
  async reused() {
    for (const payload of [SECRET, 'another']) {
      await this.store.append([{ event_type: 'x', payload }], { appendId: 'one' });
    }
  }

  @Post('unstorable')
  unstorable() {
    return this.store.append([{ event_type: 'x', payload: { note: `${SECRET}\0` } }]);
  }

  @Post('unfit')
  unfit() {
    return this.store.append([{ event_type: 'noted', payload: { note: 1, [SECRET]: SECRET } }]);
  }

  @Post('large')
  large() {
    return this.store.append([{ event_type: 'x', payload: SECRET.repeat(100_000) }]);
  }

  @Post('closed')
  async closed() {
    await this.store.close();
    return this.store.append([{ event_type: 'x', payload: SECRET }]);
  }

  @Post('unavailable')
  unavailable() {
    throw new DatabaseUnavailableError('db.internal:5432 does not answer.');
  }

  @Post('unknown')
  unknown() {
    throw new IndeterminateAppendError('The connection to db.internal:5432 broke.');
  }

  @Post('behind')
  behind() {
    throw new WaitTimeoutError('seats is at 5, not at 7.');
  }

  @Post('misused')
  misused() {
    return this.store.append([]);
  }

  @Get('other')
  other() {
    throw new HttpException('I am a teapot', 418);
  }
}

const adapters = { express: () => new ExpressAdapter(), fastify: () => new FastifyAdapter() };

let app: INestApplication | undefined;
const logged: unknown[] = [];
afterEach(async () => {
  await app?.close();
  app = undefined;
  jest.restoreAllMocks();
  logged.length = 0;
});

async function start(
  adapter: keyof typeof adapters,
  filter: 'injected' | 'given' | typeof FactstrExceptionFilter,
): Promise<(path: string) => Promise<Response>> {
  jest.spyOn(Logger.prototype, 'error').mockImplementation((error) => void logged.push(error));
  const useClass = typeof filter === 'string' ? FactstrExceptionFilter : filter;
  const module = await Test.createTestingModule({
    imports: [FactstrModule.forRoot({ provider: 'memory', facts: own })],
    controllers: [Api],
    providers: filter === 'given' ? [] : [{ provide: APP_FILTER, useClass }],
  }).compile();
  app = module.createNestApplication(adapters[adapter]());
  if (filter === 'given') {
    app.useGlobalFilters(new FactstrExceptionFilter(app.getHttpAdapter()));
  }
  await app.init();
  if (adapter === 'fastify') {
    await (app as NestFastifyApplication).getHttpAdapter().getInstance().ready();
  }
  const server: never = app.getHttpServer() as never;
  return (path) =>
    path === 'other' ? request(server).get(`/${path}`) : request(server).post(`/${path}`);
}

describe.each(['express', 'fastify'] as const)('FactstrExceptionFilter on %s', (adapter) => {
  it.each(['injected', 'given'] as const)('answers our codes, %s', async (form) => {
    const post = await start(adapter, form);
    const expected = [
      ['contended', 409, 'DECISION_CONFLICT'],
      ['reused', 422, 'APPEND_ID_REUSED'],
      ['unstorable', 400, 'INVALID_PAYLOAD'],
      ['unfit', 422, 'INVALID_FACT'],
      ['large', 413, 'LIMIT_EXCEEDED'],
      ['unavailable', 503, 'DATABASE_UNAVAILABLE'],
      ['unknown', 503, 'INDETERMINATE_APPEND'],
      ['behind', 503, 'WAIT_TIMEOUT'],
      ['closed', 503, 'STORE_CLOSED'],
    ] as const;
    for (const [path, status, code] of expected) {
      const { statusCode, body, headers } = await post(path);
      const answer = body as FactstrAnswer;
      expect([path, statusCode, answer.statusCode, answer.code]).toEqual([
        path,
        status,
        status,
        code,
      ]);
      expect(answer.message).toMatch(/\w+ .*\./);
      expect(headers['retry-after']).toBe(status === 503 ? '1' : undefined);
      // Nothing of payloads, and nothing of the database.
      expect(JSON.stringify(body)).not.toMatch(/secret|db\.internal/);
    }
    expect(logged).toEqual([]);
  });

  it('answers an error of the application as 500, and logs it', async () => {
    const post = await start(adapter, 'injected');
    const { statusCode, body } = await post('misused');
    expect([statusCode, body]).toEqual([
      500,
      { statusCode: 500, message: 'Internal server error' },
    ]);
    expect(logged).toHaveLength(1);
  });

  it('leaves other errors to Nest', async () => {
    const post = await start(adapter, 'injected');
    expect((await post('other')).statusCode).toBe(418);
  });

  it('answers in the words of a subclass', async () => {
    class Own extends FactstrExceptionFilter {
      protected override answerOf(error: FactstrError) {
        if (error.code === 'EMPTY_APPEND') {
          return { statusCode: 400, code: error.code, message: 'nothing to do' };
        }
        return super.answerOf(error);
      }

      protected override bodyOf({ code, message }: FactstrAnswer, error: FactstrError) {
        return { reason: code, message, kind: error.name };
      }
    }
    const post = await start(adapter, Own);
    const empty = await post('misused');
    expect(empty.statusCode).toBe(400);
    expect(empty.body).toEqual({
      reason: 'EMPTY_APPEND',
      message: 'nothing to do',
      kind: 'EmptyAppendError',
    });
    const contended = await post('contended');
    expect(contended.statusCode).toBe(409);
    expect(contended.body).toMatchObject({ reason: 'DECISION_CONFLICT' });
  });
});

describe('FactstrExceptionFilter outside HTTP', () => {
  it('passes the error on', () => {
    const error = new WaitTimeoutError('late');
    const host = { getType: () => 'rpc' } as unknown as ArgumentsHost;
    expect(() => new FactstrExceptionFilter().catch(error, host)).toThrow(error);
  });
});
