import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Headers, Inject, Param, Post } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { ClsService as Cls } from 'nestjs-cls';
import request from 'supertest';
import { FactstrModule, FactstrStore } from 'nestjs-factstr';

// CommonJS that requires Nest: it can be loaded when Nest is.
const { ClsModule, ClsService } = await import('nestjs-cls');

@Controller()
class Api {
  @Inject(FactstrStore) readonly store!: FactstrStore;
  @Inject(ClsService) readonly cls!: Cls;

  @Post('notes/:count')
  async note(@Param('count') count: string, @Headers('user') user: string) {
    this.cls.set('user', user);
    for (let n = 0; n < Number(count); n++) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.store.append([{ event_type: 'noted', payload: { user } }]);
    }
    return { correlation_id: this.cls.getId() };
  }
}

let app: INestApplication | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('The metadata of requests, by nestjs-cls,', () => {
  it('is each request’s own, however many there are at once', async () => {
    const module = await Test.createTestingModule({
      imports: [
        ClsModule.forRoot({ global: true, middleware: { mount: true, generateId: true } }),
        FactstrModule.forRootAsync({
          inject: [ClsService],
          useFactory: (cls: Cls) => ({
            provider: 'memory',
            metadata: () => ({ user: cls.get<string>('user'), correlation_id: cls.getId() }),
          }),
        }),
      ],
      controllers: [Api],
    }).compile();
    app = module.createNestApplication(new ExpressAdapter());
    await app.init();
    const server = app.getHttpServer() as never;
    const users = Array.from({ length: 20 }, (_, n) => `user ${n}`);
    const ids = new Map<string, string>();
    await Promise.all(
      users.map(async (user) => {
        const { body } = await request(server).post('/notes/5').set('user', user).expect(201);
        ids.set(user, (body as { correlation_id: string }).correlation_id);
      }),
    );
    const { event_records } = await app.get(FactstrStore).query({}, { metadata: true });
    expect(event_records).toHaveLength(100);
    for (const { payload, metadata } of event_records) {
      const { user } = payload as { user: string };
      expect(metadata).toEqual({ user, correlation_id: ids.get(user) });
    }
    expect(new Set(ids.values()).size).toBe(20);
  });
});
