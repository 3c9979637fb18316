import { afterEach, describe, expect, it } from '@jest/globals';
import { get as httpGet } from 'node:http';
import type { Server } from 'node:http';
import { Readable } from 'node:stream';
import {
  Controller,
  Get,
  Param,
  Query,
  Res,
  Sse,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import type { INestApplication, MessageEvent } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { Response } from 'express';
import { from, map, of } from 'rxjs';
import type { Observable } from 'rxjs';
import request from 'supertest';
import {
  FactstrJsonInterceptor,
  FactstrModule,
  FactstrStore,
  ParseSequencePipe,
  toJson,
} from 'nestjs-factstr';

class Money {
  constructor(readonly cents: bigint) {}

  get euros() {
    return Number(this.cents) / 100;
  }
}

class Invoice {
  readonly lines = [new Money(1n), new Money(2n)];
  readonly #secret = 'secret';

  toJSON() {
    return { total: 3n, lines: this.lines, length: this.#secret.length };
  }
}

@Controller()
class Api {
  constructor(readonly store: FactstrStore) {}

  @Get('append')
  append() {
    return this.store.append([{ event_type: 'x', payload: { n: 1 } }]);
  }

  @Get('query')
  query() {
    return this.store.query({});
  }

  @Get('records')
  async records() {
    return (await this.store.query({})).event_records;
  }

  @Get('conflict')
  conflict() {
    return this.store.appendIf([{ event_type: 'x', payload: {} }], {}, 99n);
  }

  @Get('nested')
  nested() {
    return { deep: [{ map: { big: 2n ** 63n - 1n } }, 1n, null, undefined, 'text', 1.5, true] };
  }

  @Get('instances')
  instances() {
    return { money: new Money(250n), invoice: new Invoice(), at: new Date(0) };
  }

  @Get('observable')
  observable() {
    return of({ n: 1n });
  }

  @Get('bigint')
  bigint() {
    return 5n;
  }

  @Get('nothing')
  nothing() {
    return undefined;
  }

  @Get('file')
  file() {
    return new StreamableFile(Readable.from([Buffer.from('a file')]));
  }

  @Get('buffer')
  buffer() {
    return Buffer.from('bytes');
  }

  @Get('own')
  own(@Res() response: Response) {
    response.send('own response');
  }

  @Sse('events')
  events(): Observable<MessageEvent> {
    const records = this.store.query({}).then(({ event_records }) => event_records);
    return from(records).pipe(map((data) => ({ id: '1', type: 'facts', data })));
  }

  @Get('after/:position')
  after(@Param('position', ParseSequencePipe) position: bigint) {
    return { type: typeof position, position };
  }

  @Get('maybe')
  maybe(@Query('after', new ParseSequencePipe({ optional: true })) after?: bigint) {
    return { type: typeof after, after };
  }
}

describe('FactstrJsonInterceptor', () => {
  let app: INestApplication<Server> | undefined;
  afterEach(() => app?.close());

  async function serve(): Promise<Server> {
    const module = await Test.createTestingModule({
      imports: [FactstrModule.forRoot()],
      controllers: [Api],
      providers: [{ provide: APP_INTERCEPTOR, useClass: FactstrJsonInterceptor }],
    }).compile();
    app = module.createNestApplication<INestApplication<Server>>({ forceCloseConnections: true });
    await app.init();
    return app.getHttpServer();
  }

  const fact = {
    sequence_number: '1',
    occurred_at: expect.any(String),
    event_type: 'x',
    payload: { n: 1 },
  };

  it('lets controllers return results and records', async () => {
    const server = await serve();
    await request(server).get('/append').expect(200, {
      first_sequence_number: '1',
      last_sequence_number: '1',
      committed_count: '1',
    });
    expect((await request(server).get('/query').expect(200)).body).toEqual({
      event_records: [fact],
      last_returned_sequence_number: '1',
      current_context_version: '1',
    });
    expect((await request(server).get('/records').expect(200)).body).toEqual([fact]);
    expect((await request(server).get('/conflict').expect(200)).body).toMatchObject({
      conflict: { expected_context_version: '99', actual_context_version: '1' },
    });
  });

  it('reaches every depth, class instances, and what toJSON gives', async () => {
    const server = await serve();
    await request(server)
      .get('/nested')
      .expect(200, {
        deep: [{ map: { big: '9223372036854775807' } }, '1', null, null, 'text', 1.5, true],
      });
    await request(server)
      .get('/instances')
      .expect(200, {
        money: { cents: '250' },
        invoice: { total: '3', lines: [{ cents: '1' }, { cents: '2' }], length: 6 },
        at: '1970-01-01T00:00:00.000Z',
      });
    await request(server).get('/observable').expect(200, { n: '1' });
    await request(server).get('/bigint').expect(200, '5');
  });

  it('leaves files, buffers, own and empty responses alone', async () => {
    const server = await serve();
    const file = await request(server).get('/file').buffer(true).expect(200);
    expect((file.body as Buffer).toString()).toBe('a file');
    // What Nest makes of a Buffer, with or without the interceptor.
    const bytes = Buffer.from('bytes');
    await request(server).get('/buffer').expect(200, JSON.stringify(bytes));
    expect(toJson(bytes)).toBe(bytes);
    await request(server).get('/own').expect(200, 'own response');
    await request(server).get('/nothing').expect(200, '');
  });

  it('reaches server-sent events', async () => {
    const server = await serve();
    await app!.listen(0, '127.0.0.1');
    await request(server).get('/append').expect(200);
    const url = await app!.getUrl();
    const text = await new Promise<string>((resolve, reject) => {
      httpGet(`${url}/events`, (response) => {
        let received = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (received += chunk));
        response.on('end', () => resolve(received));
      }).on('error', reject);
    });
    const line = text.split('\n').find((part) => part.startsWith('data: '))!;
    expect(JSON.parse(line.slice('data: '.length))).toEqual([fact]);
    expect(text).toMatch(/^event: facts$/m);
  });

  it('on one controller needs no arguments', async () => {
    @Controller()
    @UseInterceptors(FactstrJsonInterceptor)
    class One {
      @Get()
      get() {
        return { n: 1n };
      }
    }
    const module = await Test.createTestingModule({ controllers: [One] }).compile();
    app = module.createNestApplication<INestApplication<Server>>();
    app.useGlobalInterceptors(new FactstrJsonInterceptor());
    await app.init();
    await request(app.getHttpServer()).get('/').expect(200, { n: '1' });
  });

  it('leaves BigInt.prototype alone', () => {
    expect('toJSON' in BigInt.prototype).toBe(false);
  });

  it('has ParseSequencePipe for the way in', async () => {
    const server = await serve();
    await request(server)
      .get('/after/9223372036854775807')
      .expect(200, { type: 'bigint', position: '9223372036854775807' });
    await request(server).get('/after/0').expect(200, { type: 'bigint', position: '0' });
    for (const bad of ['-1', '1.5', '1e3', '0x10', 'x', '9223372036854775808', '%20', '１']) {
      const { body } = await request(server)
        .get(`/after/${encodeURI(bad)}`)
        .expect(400);
      expect((body as { message: string }).message).toMatch(/^position must be a sequence number/);
    }
    await request(server).get('/maybe').expect(200, { type: 'undefined' });
    await request(server).get('/maybe?after=').expect(200, { type: 'undefined' });
    await request(server).get('/maybe?after=7').expect(200, { type: 'bigint', after: '7' });
    await request(server).get('/maybe?after=7&after=8').expect(400);
  });
});
