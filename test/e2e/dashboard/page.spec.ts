import { afterEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { violationsOf } from '../../support/browser/accessibility.js';
import { inBrowser } from '../../support/browser/in-browser.js';
import { walkByTab } from '../../support/browser/keyboard.js';
import { PHONE, Visit } from '../../support/browser/visit.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { until } from '../../support/waiting/until.js';
import { Shop } from './support/shop.js';
import type { Adapter, ShopOptions } from './support/shop.js';
import { placed } from './support/shop.module.js';

const VIEWS: readonly (readonly [name: string, address: string])[] = [
  ['projections', ''],
  ['a projection with parked facts', '?view=projection&name=invoices'],
  ['a projection that is well', '?view=projection&name=order-list'],
  ['facts', '?view=facts&types=order-placed'],
  ['a fact', '?view=fact&number=2'],
  ['the tail', '?view=tail'],
  ['a model', '?view=models&model=order&arguments=b'],
  ['what is not there', '?view=fact&number=99'],
];

const DISPLAYS = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['on a phone', PHONE],
] as const;

const fixtures = new Fixtures();

inBrowser('The dashboard in a browser', (browser) => {
  describe.each(['express', 'fastify'] as const)('on %s', (adapter) => suite(browser, adapter));
});

function suite(browser: () => Browser, adapter: Adapter): void {
  let shop: Shop;

  afterEach(async () => {
    await shop?.close();
    await fixtures.clean();
  });

  /** Three facts, of which the projection of invoices parks the second. */
  async function start(options: ShopOptions = {}): Promise<string> {
    shop = await Shop.start({ adapter, ...options });
    await shop.store.append([placed('a')]);
    await shop.store.append([placed('b', -5)]);
    await shop.store.append([placed('c')]);
    await shop.settled(1);
    return `${shop.url}/factstr`;
  }

  it.each(DISPLAYS)('has nothing that axe or the browser complains of: %s', async (_, display) => {
    const url = await start();
    for (const [name, address] of VIEWS) {
      const visit = await Visit.open(browser(), `${url}${address}`, display);
      expect({ name, violations: await violationsOf(visit.page) }).toEqual({
        name,
        violations: [],
      });
      const complaints = visit.complaints.filter((complaint) => !/status of 404/.test(complaint));
      expect({ name, complaints, sideways: await visit.sideways() }).toEqual({
        name,
        complaints: [],
        sideways: 0,
      });
      await visit.page.context().close();
    }
  });

  it('leads the Tab key to everything that can be used', async () => {
    const url = await start();
    for (const [name, address] of VIEWS) {
      const { page } = await Visit.open(browser(), `${url}${address}`);
      const { stops, missed } = await walkByTab(page);
      const unseen = stops.filter(({ isSeen }) => !isSeen);
      expect({ name, missed, unseen }).toEqual({ name, missed: [], unseen: [] });
      await page.context().close();
    }
  });

  it('comes over the wire in 40 kB at most', async () => {
    const url = await start();
    const visit = await Visit.open(browser(), url);
    await live(visit.page);
    const files = await visit.transferred();
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/factstr', '/factstr/style.css', '/factstr/script.js']),
    );
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(40_000);
  });

  it('shows the projection with a problem first, and has its fact handled again by keyboard alone', async () => {
    const url = await start();
    const { page } = await Visit.open(browser(), url);
    expect(await page.locator('ul.cards > li h2 a').allTextContents()).toEqual([
      'invoices',
      'order-list',
    ]);
    await page.getByText('The order b is a credit note').first().waitFor();
    await press(page, 'to-default-invoices-1');
    await page.getByRole('heading', { name: 'Parked facts' }).waitFor();
    await page.getByRole('link', { name: 'Fact 2' }).waitFor();
    shop.code.isFixed = true;
    await press(page, 'do-retry-parked');
    await page.getByText('Done: retry the parked facts.').waitFor();
    await shop.settled(0);
    await page.getByRole('heading', { name: 'Parked facts' }).waitFor({ state: 'detached' });
    await page.getByText('retryParked').waitFor();
    await page.getByText('by operator').waitFor();
    expect(shop.invoices.totals).toEqual(
      new Map([
        [1n, 10],
        [3n, 10],
        [2n, -5],
      ]),
    );
  });

  it('pauses a projection and lets it go on', async () => {
    const { page } = await Visit.open(
      browser(),
      `${await start()}?view=projection&name=order-list`,
    );
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.badge', { hasText: 'paused' }).waitFor();
    await shop.store.append([placed('d')]);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.badge', { hasText: 'live' }).waitFor();
    await until(
      () => shop.orders.orders.includes('d'),
      () => 'the order that was placed meanwhile',
    );
  });

  it('asks twice before a projection is rebuilt', async () => {
    const { page } = await Visit.open(
      browser(),
      `${await start()}?view=projection&name=order-list`,
    );
    const rebuild = page.getByRole('button', { name: 'Yes: rebuild' });
    expect(await rebuild.isVisible()).toBe(false);
    await press(page, 'to-rebuild');
    await rebuild.click();
    await page.getByText('Done: rebuild.').waitFor();
    await until(
      () => shop.orders.orders.length === 6,
      () => 'each order twice',
    );
  });

  it('steps through the states of a model', async () => {
    const url = await start();
    const { page } = await Visit.open(browser(), `${url}?view=models`);
    await page.getByLabel('Arguments').fill('b');
    await page.keyboard.press('Enter');
    const step = page.locator('.step');
    await step.getByText('"status": "none"').waitFor();
    await step.getByText('"status": "placed"').waitFor();
  });

  it('finds facts by type and payload, with the version that appendIf compares', async () => {
    const url = await start();
    const { page } = await Visit.open(browser(), `${url}?view=facts`);
    await page.getByLabel('Payload contains').fill('{"order_id":"b"}');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(/order_id/);
    expect(await page.locator('.facts > li').count()).toBe(1);
    expect(await page.locator('#version').textContent()).toBe('2');
  });

  it('tells how much of a store the context index covers', async () => {
    const url = await start({ store: await optionsOf('sqlite', fixtures) });
    const { page } = await Visit.open(browser(), url);
    await page.getByText('Context index: complete').waitFor();
  });

  it('is mounted below a global prefix', async () => {
    const base = await start({ prefix: 'api/v1' });
    const visit = await Visit.open(browser(), base.replace('/factstr', '/api/v1/factstr'));
    await live(visit.page);
    expect(visit.complaints).toEqual([]);
    await visit.page.getByRole('link', { name: 'invoices' }).click();
    await visit.page.getByRole('heading', { name: 'Parked facts' }).waitFor();
  });
}

/** Comes to a control by Tab and presses Enter. */
async function press(page: Page, id: string): Promise<void> {
  await page.keyboard.press('Tab');
  while ((await page.evaluate(() => document.activeElement?.id)) !== id) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
}

/** Resolves when the page has drawn its live parts anew. */
async function live(page: Page): Promise<void> {
  await page.locator('#connection[data-state=live]').waitFor();
}
