import { afterEach, describe, it } from '@jest/globals';
import { withinTime } from '../../support/waiting/until.js';
import { Shop } from './support/shop.js';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).toReversed()) await each();
});

describe.each(['express', 'fastify'] as const)('The dashboard on %s', (adapter) => {
  it('does not keep the application from closing by connections that a pool has to spare', async () => {
    const shop = await Shop.start({ adapter });
    undo.push(() => shop.close());
    const follow = async (): Promise<AbortController> => {
      const call = new AbortController();
      const response = await fetch(`${shop.url}/factstr/tail`, { signal: call.signal });
      response.text().catch(() => undefined);
      return call;
    };
    const calls = await Promise.all(Array.from({ length: 30 }, follow));
    calls[5]!.abort();
    // The pool makes two connections for it, and asks on one of them.
    await follow();
    await withinTime(() => shop.close(), 15_000);
  }, 100_000);
});
