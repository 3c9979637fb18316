import { afterEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { FactstrModule, InvalidOptionsError } from 'nestjs-factstr';
import { FactstrDashboardModule } from 'nestjs-factstr/dashboard';
import type { FactstrDashboardOptions } from 'nestjs-factstr/dashboard';
import { inBrowser } from '../../support/browser/in-browser.js';
import { Visit } from '../../support/browser/visit.js';
import { StrippingProxy } from './support/proxy.js';
import { OperatorGuard, Shop } from './support/shop.js';
import type { ShopOptions } from './support/shop.js';
import { placed } from './support/shop.module.js';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).toReversed()) await each();
});

async function start(options: ShopOptions): Promise<Shop> {
  const shop = await Shop.start(options);
  undo.push(() => shop.close());
  await shop.store.append([placed('a')]);
  await shop.store.append([placed('b', -5)], { metadata: { actor: 'secret-actor' } });
  await shop.settled(1);
  return shop;
}

const PAUSE = '?do=pause&name=order-list';

describe.each(['express', 'fastify'] as const)('The dashboard on %s', (adapter) => {
  it('answers 403 to everything where the guard does not admit', async () => {
    const { url } = await start({ adapter });
    const headers = { 'x-user': 'guest', 'sec-fetch-site': 'same-origin' };
    for (const path of ['', '?view=facts', '/style.css', '/script.js', '/icon.svg', '/tail']) {
      const { status } = await fetch(`${url}/factstr${path}`, { headers });
      expect({ path, status }).toEqual({ path, status: 403 });
    }
    const act = await fetch(`${url}/factstr${PAUSE}`, { method: 'POST', headers });
    expect(act.status).toBe(403);
  });

  it.each<[string, Record<string, string>, number]>([
    ['the page itself', { 'sec-fetch-site': 'same-origin' }, 303],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a neighbour of the domain', { 'sec-fetch-site': 'same-site' }, 403],
    ['no page', {}, 403],
    ['another origin', { origin: 'http://elsewhere.example' }, 403],
    ['no origin that can be told', { origin: 'null' }, 403],
  ])('does what %s asks for, or not', async (_, headers, status) => {
    const { url, projections } = await start({ adapter });
    const answer = await fetch(`${url}/factstr${PAUSE}`, {
      method: 'POST',
      headers,
      redirect: 'manual',
    });
    expect(answer.status).toBe(status);
    const { state } = await projections.status('order-list');
    expect(state).toBe(status === 303 ? 'paused' : 'live');
  });

  it('takes an origin that is the host, from browsers that tell nothing else', async () => {
    const { url } = await start({ adapter });
    const answer = await fetch(`${url}/factstr${PAUSE}`, {
      method: 'POST',
      headers: { origin: new URL(url).origin },
      redirect: 'manual',
    });
    expect(answer.status).toBe(303);
  });

  it('records who did it, as `by` says', async () => {
    const { url, projections } = await start({
      adapter,
      dashboard: { by: () => 'Grace, from the page' },
    });
    const headers = { 'sec-fetch-site': 'same-origin' };
    await fetch(`${url}/factstr${PAUSE}`, { method: 'POST', headers, redirect: 'manual' });
    expect(await projections.interventions('order-list')).toMatchObject([
      { verb: 'pause', by: 'Grace, from the page' },
    ]);
  });

  it('does nothing without guards, whatever is asked', async () => {
    const { url } = await start({
      adapter,
      dashboard: { guards: [], public: true, actions: true },
    });
    const page = await (await fetch(`${url}/factstr?view=projection&name=invoices`)).text();
    expect(page).not.toContain('method="post"');
    const headers = { 'sec-fetch-site': 'same-origin' };
    const { status } = await fetch(`${url}/factstr${PAUSE}`, { method: 'POST', headers });
    expect(status).toBe(403);
  });

  it('tells nothing of payloads unless told to', async () => {
    const { url } = await start({ adapter, dashboard: { payloads: undefined } });
    const addresses = [
      '',
      '?view=projection&name=invoices',
      '?view=facts',
      '?view=fact&number=2',
      '?view=tail',
      '?view=models&model=order&arguments=b',
    ];
    for (const address of addresses) {
      const page = await (await fetch(`${url}/factstr${address}`)).text();
      expect({
        address,
        tells: /credit note|-5|secret-actor|&quot;b&quot;|"placed"/.test(page),
      }).toEqual({
        address,
        tells: false,
      });
    }
  });

  it.each(['hidden', 'redacted'] as const)(
    'does not search by what payloads contain where they are %s',
    async (payloads) => {
      const { url } = await start({ adapter, dashboard: { payloads } });
      const none = encodeURIComponent('{"order_id":"none"}');
      const page = await (await fetch(`${url}/factstr?view=facts&where=${none}`)).text();
      // As without: two facts, and the version of all.
      expect(page.match(/data-number/g)).toHaveLength(2);
    },
  );

  it('shows the names of fields and the kinds of values where they are redacted', async () => {
    const { url } = await start({ adapter, dashboard: { payloads: 'redacted' } });
    const page = await (await fetch(`${url}/factstr?view=fact&number=2`)).text();
    expect(page).toContain('&quot;order_id&quot;: &quot;(string)&quot;');
    expect(page).toContain('&quot;total&quot;: &quot;(number)&quot;');
    expect(page).not.toMatch(/-5|secret-actor/);
  });

  it('shows with a fact those that were appended with it', async () => {
    const { url, store } = await start({ adapter });
    await store.append([placed('p'), placed('q'), placed('r')]);
    const together = await (await fetch(`${url}/factstr?view=fact&number=4`)).text();
    expect(together).toContain('One batch of 3 facts, 3 to 5.');
    expect([...together.matchAll(/data-number="(\d+)"/g)].map(([, number]) => number)).toEqual([
      '3',
      '5',
    ]);
    const alone = await (await fetch(`${url}/factstr?view=fact&number=1`)).text();
    expect(alone).toContain('it was appended alone');
  });

  it('escapes what facts and addresses contain', async () => {
    const shop = await start({ adapter });
    const attack = '<img src=x onerror=alert(1)>"\'';
    await shop.store.append([placed(attack)]);
    for (const address of ['?view=facts', '?view=fact&number=3', '?view=tail']) {
      const page = await (await fetch(`${shop.url}/factstr${address}`)).text();
      expect({ address, isThere: page.includes('<img') }).toEqual({ address, isThere: false });
    }
    for (const name of ['view', 'types', 'where', 'store', 'name']) {
      const query = new URLSearchParams({ view: 'facts', [name]: attack });
      const page = await (await fetch(`${shop.url}/factstr?${query}`)).text();
      expect({ name, isThere: page.includes('<img') }).toEqual({ name, isThere: false });
    }
  });

  it.each([
    ['a fact that is not there', '?view=fact&number=99', 404],
    ['a view that is not there', '?view=nothing', 404],
    ['a projection that is not there', '?view=projection&name=nothing', 400],
    ['a store that is not there', '?view=facts&store=nothing', 400],
    ['what is no JSON', '?view=facts&where=%7B', 400],
    ['a version that is none', '?view=projection&name=invoices&version=x', 400],
  ])('refuses %s with a page that says so', async (_, address, status) => {
    const { url } = await start({ adapter });
    const answer = await fetch(`${url}/factstr${address}`);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain('role="alert"');
  });
});

inBrowser('The dashboard behind a proxy that takes a part of the path off', (browser) => {
  it.each([
    ['express', ''],
    ['express', '/'],
    ['fastify', ''],
  ] as const)('works on %s, with the address ending in “%s”', async (adapter, end) => {
    const shop = await start({ adapter });
    const proxy = await StrippingProxy.start(shop.url, '/operations/shop');
    undo.push(() => proxy.close());
    const visit = await Visit.open(
      browser(),
      `${proxy.url}/factstr${adapter === 'express' ? end : ''}`,
    );
    const { page } = visit;
    await page.locator('#connection[data-state=live]').waitFor();
    await page.getByRole('link', { name: 'invoices' }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Done: pause.').waitFor();
    await page.getByRole('link', { name: 'Live tail' }).click();
    await page.locator('#connection[data-state=live]').waitFor();
    await shop.store.append([placed('c')]);
    await page.locator('#tail > li[data-number="3"]').waitFor();
    expect(visit.complaints).toEqual([]);
    expect(new URL(page.url()).pathname).toMatch(/^\/operations\/shop\/factstr\/?$/);
  });
});

describe('FactstrDashboardModule', () => {
  it.each<[string, FactstrDashboardOptions, RegExp]>([
    ['neither guards nor public', {}, /guards/],
    ['payloads of an unknown kind', { public: true, payloads: 'all' as 'shown' }, /payloads/],
    ['an unknown option', { public: true, guard: 1 } as FactstrDashboardOptions, /"guard"/],
    ['a path that is no text', { public: true, path: 1 as unknown as string }, /path/],
    ['a name that is no function', { public: true, by: 'me' as never }, /by/],
  ])('refuses %s', (_, options, told) => {
    expect(() => FactstrDashboardModule.forRoot(options)).toThrow(InvalidOptionsError);
    expect(() => FactstrDashboardModule.forRoot(options)).toThrow(told);
  });

  it('lets guards inject what other modules export', async () => {
    const module = await Test.createTestingModule({
      imports: [
        FactstrModule.forRoot(),
        FactstrDashboardModule.forRoot({ guards: [new OperatorGuard()], path: 'ops' }),
      ],
    }).compile();
    await module.init();
    await module.close();
  });
});
