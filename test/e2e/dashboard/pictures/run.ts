/*
 * Takes the pictures of docs/pictures: npm run pictures. They show the built sample with made-up courses and students,
 * on a free port and in a temporary folder, for as long as it takes.
 */
import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { createDataDir } from '../../sample/support/data-dir.js';
import { Enrolment } from '../support/enrolment.js';
import { breakAndFind, fix, lookBack, retryFromPage } from '../support/story.js';
import { findExecutable } from '../../../support/browser/executable.js';
import { launch } from '../../../support/browser/launch.js';
import { PHONE, Visit } from '../../../support/browser/visit.js';
import { testChildren } from '../../../support/children.mjs';
import { Traffic } from './traffic.js';

const FOLDER = resolve(import.meta.dirname, '../../../../docs/pictures');
/** Bytes of a picture, at most. */
const MOST = 150_000;
/** Seconds of traffic before the first picture: plots need some samples. */
const TRAFFIC = Number(process.env['PICTURES_SECONDS'] ?? 90);

const DESKTOP = { viewport: { width: 1000, height: 700 } } satisfies BrowserContextOptions;

const VIEWS: readonly (readonly [name: string, address: string])[] = [
  ['projections', ''],
  ['projection', '?view=projection&name=enrolment-read-model'],
  ['facts', '?view=facts&types=student-enrolled'],
  ['model', '?view=models&model=roster&arguments=compilers'],
];

const DISPLAYS: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['light', DESKTOP],
  ['dark', { ...DESKTOP, colorScheme: 'dark' }],
  ['phone', { ...PHONE, deviceScaleFactor: 1.5 }],
];

async function picture(name: string, page: Page): Promise<void> {
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  const { size } = await stat(path);
  if (size > MOST) throw new Error(`${path} has ${size} bytes; a picture has ${MOST} at most.`);
  console.log(`${name}.png: ${Math.round(size / 1_000)} kB`);
}

async function main(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const executable = await findExecutable()?.();
  if (executable === undefined) throw new Error('There is no browser to take pictures with.');
  const folder = await createDataDir();
  const browser = await launch(executable);
  let app: Enrolment | undefined;
  let traffic: Traffic | undefined;
  try {
    app = await Enrolment.start(folder.path);
    traffic = new Traffic(app.url);
    await traffic.begin(60);
    traffic.run();
    console.log(`Traffic for ${TRAFFIC} s …`);
    await new Promise((passed) => setTimeout(passed, TRAFFIC * 1_000));

    const { page } = await Visit.of(browser, DESKTOP);
    const tell = (moment: string, page: Page): Promise<void> => picture(`story-${moment}`, page);
    await breakAndFind(app, page, tell);
    for (const [view, address] of VIEWS) {
      for (const [display, options] of DISPLAYS) {
        const visit = await Visit.open(browser, `${app.url}/factstr${address}`, options);
        await picture(`dashboard-${view}-${display}`, visit.page);
        await visit.page.context().close();
      }
    }
    await traffic.end();
    await fix(app, page);
    await retryFromPage(app, page, tell);
    await lookBack(page, tell);
  } finally {
    await browser.close();
    await traffic?.end();
    await app?.stop();
    await folder.remove();
    await testChildren().end();
  }
}

await main();
