import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** Where a Chromium is looked for; `CHROMIUM_PATH` names another one. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

export const HOW_TO_INSTALL =
  'No Chromium was found. Install one (Debian: `apt-get install chromium`), or name one by CHROMIUM_PATH.';

export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH'];
  return named || PLACES.find((path) => existsSync(path));
}

export function launchChromium(executablePath: string): Promise<Browser> {
  // Chromium's sandbox does not work for root, as which containers run tests.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}
