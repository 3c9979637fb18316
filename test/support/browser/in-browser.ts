import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { HOW_TO_INSTALL, findExecutable } from './executable.js';
import { launch } from './launch.js';

/**
 * A suite in a real headless browser. Each test finds no page open. Where there is no browser the suite’s name says
 * so; in CI it fails.
 */
export function inBrowser(name: string, suite: (browser: () => Browser) => void): void {
  const find = findExecutable();
  if (find === undefined) {
    it(`${name}: NOT tested. ${HOW_TO_INSTALL}`, () => {
      expect(process.env['CI']).toBeFalsy();
    });
    return;
  }
  describe(name, () => {
    let browser: Browser | undefined;

    beforeAll(async () => {
      browser = await launch(await find());
    });

    afterEach(async () => {
      for (const context of browser?.contexts() ?? []) await context.close();
    });

    afterAll(() => browser?.close());

    suite(() => browser!);
  });
}
