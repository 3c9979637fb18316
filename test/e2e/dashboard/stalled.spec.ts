import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Tails } from '../../../lib/dashboard/tail.js';
import { Shop } from './support/shop.js';
import { placed } from './support/shop.module.js';
import { until, withinTime } from '../../support/waiting/until.js';

const FACTS = 3_000;
/** More than a connection takes without being read: 30 MB for all facts. */
const TEXT = 'x'.repeat(10_000);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).toReversed()) await each();
});

describe('A tail that is not read', () => {
  it('reads the log no further than the connection takes, and goes on from there', async () => {
    const { answer, out, shown } = await stalled(new AbortController());
    expect(shown()).toBeLessThan(FACTS);
    expect(out.writableLength).toBeLessThan(16_000_000);
    const numbers: number[] = [];
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const events = text.split('\n\n');
      text = events.pop()!;
      for (const each of events) {
        const id = /^id: (\d+)$/m.exec(each);
        if (id !== null) numbers.push(Number(id[1]));
      }
    });
    await until(
      () => numbers.length === FACTS,
      () => `all facts to come; there are ${numbers.length}`,
    );
    expect(numbers).toEqual(Array.from({ length: FACTS }, (_, index) => index + 1));
  });

  it('ends with the application nevertheless', async () => {
    const ended = new AbortController();
    const { followed } = await stalled(ended);
    await withinTime(async () => {
      ended.abort();
      await followed;
    }, 5_000);
  });
});

/** A tail of all facts, whose reader has stopped reading. */
async function stalled(ended: AbortController) {
  const shop = await Shop.start();
  undo.push(() => shop.close());
  await shop.store.append(Array.from({ length: FACTS }, (_, index) => placed(`order-${index}`)));
  let shown = 0;
  const show = (): string => {
    shown++;
    return TEXT;
  };
  const tails = new Tails(ended.signal);
  let followed: Promise<void> | undefined;
  let out: ServerResponse | undefined;
  const server = createServer((_, response) => {
    out = response;
    followed = tails.follow({ store: shop.store, after: 0n, show }, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, host: '127.0.0.1' }).on('error', () => undefined);
  undo.push(() => asked.destroy());
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  let before = -1;
  await until(
    () => {
      const isStill = out!.writableNeedDrain && shown === before;
      before = shown;
      return isStill;
    },
    () => 'the connection to be full',
  );
  return { answer, out: out!, followed: followed!, shown: () => shown };
}
