import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { violationsOf } from '../../support/browser/accessibility.js';
import { inBrowser } from '../../support/browser/in-browser.js';
import { walkByTab } from '../../support/browser/keyboard.js';
import { PHONE, Visit } from '../../support/browser/visit.js';
import { createDataDir } from './support/data-dir.js';
import type { DataDir } from './support/data-dir.js';
import { SamplePage } from './support/sample-page.js';
import { startSample } from './support/sample-process.js';
import type { SampleProcess } from './support/sample-process.js';

inBrowser('The sample’s page in a browser', pageSuite);

function pageSuite(browser: () => Browser): void {
  let folder: DataDir;
  let sample: SampleProcess;

  beforeEach(async () => {
    folder = await createDataDir();
    sample = await startSample({ DATA_DIR: folder.path });
  });

  afterEach(async () => {
    await sample?.stop();
    await folder?.remove();
  });

  it('refuses the third of three students for two seats beside the form, and updates the other tab', async () => {
    const here = await SamplePage.open(browser(), sample.url);
    const there = await SamplePage.open(browser(), sample.url);
    await here.defineCourse('Linear algebra', 2);
    for (const name of ['Ada', 'Grace', 'Edsger']) await here.registerStudent(name);
    await here.enrol('Linear algebra', 'Ada');
    await here.seats('Linear algebra', '1 of 2 seats taken');
    await here.enrol('Linear algebra', 'Grace');
    await here.seats('Linear algebra', '2 of 2 seats taken');
    await here.enrol('Linear algebra', 'Edsger');

    const alert = here.course('Linear algebra').locator('form.enrol').getByRole('alert');
    await alert.getByText('“Linear algebra” is full: both seats are taken.').waitFor();

    // Nobody touched the other tab.
    await there.seats('Linear algebra', '2 of 2 seats taken');
    await there.course('Linear algebra').getByText('Full', { exact: true }).waitFor();
    const fact = there.fact('Grace enrolled in “Linear algebra”');
    await fact.waitFor();
    expect(await fact.locator('.sequence').textContent()).toBe('6');
    await there.fact('“Linear algebra” is full: it has a waiting list now').waitFor();
    await there.page.locator('#read-model', { hasText: 'at 7 · lag 0' }).waitFor();
  });

  it('shows a student’s timetable and withdraws from it', async () => {
    const { page, use } = await opened();
    await use.defineCourse('Compilers', 1);
    await use.registerStudent('Grace');
    await use.enrol('Compilers', 'Grace');
    await use.seats('Compilers', '1 of 1 seat taken');
    await use.student('Grace').click();
    const timetable = page.getByRole('region', { name: 'Timetable of Grace' });
    await timetable.getByRole('button', { name: 'Withdraw Grace from Compilers' }).click();
    await timetable.getByText('Not enrolled anywhere.').waitFor();
    await use.seats('Compilers', '0 of 1 seat taken');
  });

  it('puts a student on the waiting list, who gets the seat that becomes free', async () => {
    const { page, use } = await opened();
    await use.defineCourse('Compilers', 1);
    for (const name of ['Grace', 'Ada']) await use.registerStudent(name);
    await use.enrol('Compilers', 'Grace');
    await use.fact('“Compilers” is full: it has a waiting list now').waitFor();
    const course = use.course('Compilers');
    await course.getByLabel('Student for Compilers').selectOption({ label: 'Ada' });
    await course.getByRole('button', { name: 'Wait' }).click();
    await use.fact('Ada waits for “Compilers”').waitFor();
    await use.student('Grace').click();
    const timetable = page.getByRole('region', { name: 'Timetable of Grace' });
    await timetable.getByRole('button', { name: 'Withdraw Grace from Compilers' }).click();
    await use.fact('Ada enrolled in “Compilers”').waitFor();
  });

  it('says what is wrong with a field beside it, and keeps what was typed', async () => {
    const { page } = await opened();
    const seats = page.locator('#define-course').getByLabel('Seats');
    await page.getByLabel('Course title').fill('Logic');
    await seats.fill('0');
    await page.getByRole('button', { name: 'Define course' }).click();
    const alert = page.locator('#define-course').getByRole('alert');
    await alert.getByText('Seats must be a whole number from 1 to 1000').waitFor();
    expect(await seats.getAttribute('aria-invalid')).toBe('true');
    expect(await seats.getAttribute('aria-describedby')).toBe(await alert.getAttribute('id'));
    expect(await seats.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await page.getByLabel('Course title').inputValue()).toBe('Logic');
  });

  it('is used by keyboard alone', async () => {
    const { page, use } = await opened();
    await page.getByLabel('Course title').focus();
    await page.keyboard.type('Logic');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('3');
    await page.keyboard.press('Enter');
    await use.seats('Logic', '0 of 3 seats taken');
    await page.getByLabel('Student name').focus();
    await page.keyboard.type('Kurt');
    await page.keyboard.press('Enter');
    await use.student('Kurt').waitFor();
    await page.getByLabel('Student for Logic').focus();
    await page.keyboard.type('Kurt');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await use.seats('Logic', '1 of 3 seats taken');
  });

  it('says when the connection is lost, and catches up when the server is back', async () => {
    const { page, use } = await opened();
    await use.defineCourse('Databases', 2);
    await sample.stop();
    await use.connection('Reconnecting…');
    await page.getByText('Not connected: what you see may be out of date.').waitFor();
    await page.getByLabel('Student name').fill('Ada');
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('The server does not answer. Please try again').waitFor();
    const port = new URL(sample.url).port;
    sample = await startSample({ DATA_DIR: folder.path, PORT: port });
    await use.connection('Live');
    await page.getByRole('button', { name: 'Register' }).click();
    await use.student('Ada').waitFor();
    await use.seats('Databases', '0 of 2 seats taken');
    await use.fact('Ada registered').waitFor();
  });

  it('fits a phone, and follows the colour scheme', async () => {
    const { page, use } = await opened();
    await use.defineCourse('Antidisestablishmentarianism'.repeat(3), 30);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background()).not.toBe(light);
  });

  it.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', PHONE],
  ] as const)('has nothing that axe or the browser complains of: %s', async (_, options) => {
    const use = await SamplePage.open(browser(), sample.url);
    await use.defineCourse('Compilers', 1);
    await use.registerStudent('Grace');
    const visit = await Visit.open(browser(), sample.url, options);
    await visit.page.getByRole('heading', { name: 'Compilers' }).waitFor();
    expect(await violationsOf(visit.page)).toEqual([]);
    expect(visit.complaints).toEqual([]);
  });

  it('leads the Tab key to everything that can be used', async () => {
    const { page, use } = await opened();
    await use.defineCourse('Compilers', 1);
    await use.registerStudent('Grace');
    const { stops, missed } = await walkByTab(page);
    expect(stops.map(({ name }) => name)).toContain('button “Enrol”');
    expect({ missed, unseen: stops.filter(({ isSeen }) => !isSeen) }).toEqual({
      missed: [],
      unseen: [],
    });
  });

  async function opened(): Promise<{ use: SamplePage; page: SamplePage['page'] }> {
    const use = await SamplePage.open(browser(), sample.url);
    return { use, page: use.page };
  }
}
