import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { inBrowser } from '../../support/browser/in-browser.js';
import { Visit } from '../../support/browser/visit.js';
import { createDataDir } from '../sample/support/data-dir.js';
import type { DataDir } from '../sample/support/data-dir.js';
import { Enrolment, READ_MODEL } from './support/enrolment.js';
import { blindly, breakAndFind, fix, lookBack, retryFromPage } from './support/story.js';

const CLI = resolve(import.meta.dirname, '../../../dist/cli/bin.js');

// As an operator meets it, on the built sample and with the built command.
inBrowser('A projection that fails on a fact', (browser) => {
  let folder: DataDir;
  let app: Enrolment;

  beforeEach(async () => {
    folder = await createDataDir();
    app = await Enrolment.start(folder.path);
    await app.begin();
  });

  afterEach(async () => {
    await app?.stop();
    await folder?.remove();
  });

  it('is found and mended from the page, and nothing is lost', async () => {
    const { page } = await Visit.of(browser());
    await breakAndFind(app, page, blindly);
    await page.getByText('UNIQUE constraint failed: courses.title').first().waitFor();
    expect(await app.ready()).toEqual({ http: 200, status: 'degraded' });
    expect((await app.courses()).read).not.toHaveProperty('algebra-2');
    await fix(app, page);
    await retryFromPage(app, page, blindly);
    await lookBack(page, blindly);
    await isWhole();
  });

  it('is mended from the command line, and nothing is lost', async () => {
    const { page } = await Visit.of(browser());
    await breakAndFind(app, page, blindly);
    await fix(app, page);
    const list = await run('list');
    expect(list).toMatch(new RegExp(`${READ_MODEL} .* 1 `));
    expect(await run('retry-parked', READ_MODEL)).toBe(
      `The parked facts of ${READ_MODEL} were handled.\n`,
    );
    await page.getByRole('heading', { name: 'Parked facts' }).waitFor({ state: 'detached' });
    await app.isReady('ok');
    await lookBack(page, blindly);
    await isWhole();
  });

  /** The read model is what the log says, the fact that was parked included. */
  async function isWhole(): Promise<void> {
    const { read, logged } = await app.courses();
    expect(read).toEqual(logged);
    expect(read).toEqual({ algebra: 3, 'algebra-2': 1, compilers: 0 });
    expect(await app.projection()).toEqual({ lag: '0', parked: 0 });
  }

  async function run(...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [
      CLI,
      'projections',
      ...words,
      '--database',
      app.facts,
      '--read-model',
      app.readModel,
    ]);
    return stdout;
  }
});
