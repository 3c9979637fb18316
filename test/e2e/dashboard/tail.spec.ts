import { afterEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { inBrowser } from '../../support/browser/in-browser.js';
import { Visit } from '../../support/browser/visit.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { withinTime } from '../../support/waiting/until.js';
import { StrippingProxy } from './support/proxy.js';
import { Shop } from './support/shop.js';
import type { Adapter } from './support/shop.js';
import { placed } from './support/shop.module.js';

const fixtures = new Fixtures();

inBrowser('The live tail in a browser', (browser) => {
  describe.each([
    ['express', 'sqlite'],
    ['fastify', 'postgres'],
  ] as const)('on %s and %s', (adapter, provider) => suite(browser, adapter, provider));
});

function suite(browser: () => Browser, adapter: Adapter, provider: 'sqlite' | 'postgres'): void {
  let shop: Shop;
  let count: number;

  afterEach(() => fixtures.clean());

  async function start(): Promise<Shop> {
    count = 0;
    shop = await Shop.start({ adapter, store: await optionsOf(provider, fixtures) });
    fixtures.later(() => shop.close());
    return shop;
  }

  async function append(facts: number): Promise<void> {
    for (let number = 0; number < facts; number++) {
      await shop.store.append([placed(`order-${++count}`)]);
    }
  }

  it('shows facts as they are appended, newest first', async () => {
    await start();
    await append(3);
    const { page, complaints } = await Visit.open(browser(), `${shop.url}/factstr?view=tail`);
    await connected(page);
    await append(2);
    await shows(page, 5);
    expect(await numbers(page)).toEqual([5, 4, 3, 2, 1]);
    expect(complaints).toEqual([]);
  });

  it('keeps what comes while it is held', async () => {
    await start();
    const { page } = await Visit.open(browser(), `${shop.url}/factstr?view=tail`);
    await connected(page);
    await page.getByRole('button', { name: 'Hold' }).click();
    await append(2);
    // What is held back is not to be seen: a second page tells when it has come.
    const other = await Visit.open(browser(), `${shop.url}/factstr?view=tail`);
    await shows(other.page, 2);
    await page.getByRole('button', { name: 'Hold' }).click();
    await shows(page, 2);
    expect(await numbers(page)).toEqual([2, 1]);
  });

  it('loses nothing and repeats nothing when the connection breaks', async () => {
    await start();
    const proxy = await StrippingProxy.start(shop.url);
    fixtures.later(() => proxy.close());
    await append(1);
    const { page } = await Visit.open(browser(), `${proxy.url}/factstr?view=tail`);
    await connected(page);
    for (let round = 0; round < 3; round++) {
      await append(5);
      await shows(page, count);
      proxy.cut();
      await page.locator('#connection[data-state=lost]').waitFor();
      await append(5);
      proxy.restore();
      await shows(page, count);
      await connected(page);
    }
    expect(await numbers(page)).toEqual(Array.from({ length: count }, (_, index) => count - index));
  });

  it('loses nothing and repeats nothing when the application starts again', async () => {
    const store = await optionsOf(provider, fixtures);
    count = 0;
    shop = await Shop.start({ adapter, store });
    const first = shop;
    fixtures.later(() => first.close());
    const target = { url: shop.url };
    const proxy = await StrippingProxy.start(() => target.url);
    fixtures.later(() => proxy.close());
    await append(3);
    const { page } = await Visit.open(browser(), `${proxy.url}/factstr?view=tail`);
    await connected(page);
    await append(1);
    await shows(page, 4);
    await shop.close();
    await page.locator('#connection[data-state=lost]').waitFor();
    shop = await Shop.start({ adapter, store });
    const second = shop;
    fixtures.later(() => second.close());
    await append(3);
    target.url = shop.url;
    await shows(page, 7);
    expect(await numbers(page)).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  it('does not keep the application from closing', async () => {
    await start();
    const visits = [
      await Visit.open(browser(), `${shop.url}/factstr?view=tail`),
      await Visit.open(browser(), `${shop.url}/factstr?view=tail`),
      await Visit.open(browser(), `${shop.url}/factstr`),
    ];
    for (const { page } of visits) await connected(page);
    await withinTime(() => shop.close(), 5_000);
  });
}

/** Resolves when the page says that it is live. */
async function connected(page: Page): Promise<void> {
  await page.locator('#connection[data-state=live]').waitFor();
}

/** Resolves when the page lists the fact. */
async function shows(page: Page, number: number): Promise<void> {
  await page.locator(`#tail > li[data-number="${number}"]`).waitFor();
}

async function numbers(page: Page): Promise<number[]> {
  const rows = await page
    .locator('#tail > li')
    .evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset['number']));
  return rows.map(Number);
}
