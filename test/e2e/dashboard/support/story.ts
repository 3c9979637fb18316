import type { Page } from 'playwright-core';
import { READ_MODEL } from './enrolment.js';
import type { Enrolment } from './enrolment.js';

/** Looks at the page at a moment of the story: for pictures. */
export type Look = (moment: string, page: Page) => Promise<unknown>;

export const blindly: Look = () => Promise.resolve();

/**
 * A projection is broken, and a fact is parked on which it fails: health turns degraded, and the page shows that
 * projection first, with its error and the fact. Returns the fact’s number.
 */
export async function breakAndFind(app: Enrolment, page: Page, look: Look): Promise<bigint> {
  await page.goto(`${app.url}/factstr`);
  await page.locator('#connection[data-state=live]').waitFor();
  await page.getByText('All projections are well').waitFor();
  await look('1-well', page);

  app.breakReadModel();
  const number = await app.defineCourse('algebra-2', 'Linear algebra');
  // Enrolment goes on: what waits is that one fact.
  await app.enrol('algebra-2', 'ada');
  await app.isReady('degraded');
  await page.getByText('1 projection to look at').waitFor();
  await page.locator('ul.cards > li', { hasText: READ_MODEL }).getByText('1 fact parked').waitFor();
  await look('2-problem', page);

  await page.getByRole('link', { name: READ_MODEL }).click();
  await page.getByRole('heading', { name: 'Parked facts' }).waitFor();
  await look('3-parked', page);
  const name = `Fact ${number.toLocaleString('en-US')}`;
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name }).waitFor();
  await look('4-fact', page);
  await page.goBack();
  return number;
}

/** The read model is mended and the application started again, while the page is open. */
export async function fix(app: Enrolment, page: Page): Promise<void> {
  app.mendReadModel();
  await app.restart();
  await page.locator('#connection[data-state=live]').waitFor();
}

/** The parked fact is handled again, as the page’s button asks for. */
export async function retryFromPage(app: Enrolment, page: Page, look: Look): Promise<void> {
  await page.getByRole('button', { name: 'Retry the parked facts' }).click();
  await page.getByText('Done: retry the parked facts.').waitFor();
  await page.getByRole('heading', { name: 'Parked facts' }).waitFor({ state: 'detached' });
  await app.isReady('ok');
  await look('5-retried', page);
}

/** What an operator sees when all is well again. */
export async function lookBack(page: Page, look: Look): Promise<void> {
  await page.getByRole('link', { name: 'Projections' }).click();
  await page.getByText('All projections are well').waitFor();
  await look('6-well-again', page);
}
