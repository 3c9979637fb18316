import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { VersioningType } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { FactstrJsonInterceptor } from 'nestjs-factstr';
import { map } from 'rxjs';
import { MOST_TAILS } from '../../../lib/dashboard/tail.js';
import { until } from '../../support/waiting/until.js';
import { Shop } from './support/shop.js';
import type { ShopOptions } from './support/shop.js';
import { placed } from './support/shop.module.js';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).toReversed()) await each();
});

async function start(options: ShopOptions): Promise<Shop> {
  const shop = await Shop.start(options);
  undo.push(() => shop.close());
  return shop;
}

/** Wraps what handlers return, and has browsers’ requests come without the version that controllers ask for. */
function configure(app: INestApplication): void {
  app.useGlobalInterceptors(new FactstrJsonInterceptor(), {
    intercept: (_, next) => next.handle().pipe(map((data: unknown) => ({ data }))),
  });
  app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: '2' });
}

async function opened(url: string, headers: Record<string, string> = {}) {
  const leave = new AbortController();
  undo.push(() => leave.abort());
  const answer = await fetch(`${url}/factstr/tail`, { headers, signal: leave.signal });
  return { answer, leave };
}

describe.each(['express', 'fastify'] as const)('The dashboard on %s', (adapter) => {
  it('is not changed by interceptors and versions of the application', async () => {
    const { url } = await start({ adapter, configure });
    for (const [path, type, begin] of [
      ['', 'text/html; charset=utf-8', '<!doctype html>'],
      ['/style.css', 'text/css; charset=utf-8', ':root'],
      ['/script.js', 'text/javascript; charset=utf-8', 'const'],
      ['/icon.svg', 'image/svg+xml', '<svg'],
    ] as const) {
      const answer = await fetch(`${url}/factstr${path}`);
      expect(answer.headers.get('content-type')).toContain(type);
      expect((await answer.text()).slice(0, begin.length)).toBe(begin);
    }
    const act = await fetch(`${url}/factstr?do=pause&name=order-list`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
      redirect: 'manual',
    });
    expect(act.status).toBe(303);
    expect(await act.text()).toBe('');
  });

  it('follows the log after the last fact that the browser names', async () => {
    const { url, store } = await start({ adapter, configure });
    await store.append([placed('a'), placed('b'), placed('c')]);
    const { answer } = await opened(url, { 'last-event-id': '1' });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('id: 3\n')) text += (await reader.read()).value ?? '';
    await store.append([placed('d')]);
    while (!text.includes('id: 4\n')) text += (await reader.read()).value ?? '';
    expect(text.match(/^id: \d+$/gm)).toEqual(['id: 2', 'id: 3', 'id: 4']);
  });

  it('refuses tails of unknown stores, and more tails than it follows at once', async () => {
    const { url } = await start({ adapter });
    expect((await fetch(`${url}/factstr/tail?store=nothing`)).status).toBe(400);
    const tails = await Promise.all(Array.from({ length: MOST_TAILS }, () => alone(url)));
    expect(tails.filter(({ status }) => status === 200)).toHaveLength(MOST_TAILS);
    expect((await alone(url)).status).toBe(503);
    tails[0]!.leave();
    await until(
      async () => (await alone(url)).status === 200,
      () => 'a tail to be free',
    );
  });
});

/** A tail on a connection of its own, which no pool keeps. */
async function alone(url: string) {
  const asked = get(`${url}/factstr/tail`, { agent: false }).on('error', () => undefined);
  const leave = (): void => void asked.destroy();
  undo.push(leave);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  return { status: answer.statusCode, leave };
}
