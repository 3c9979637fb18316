import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import type { Executable } from './executable.js';

/** Starts the browser without a window. It ends with this process at the latest. */
export async function launch({ path, env }: Executable): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    // Chromium's sandbox does not work for root, as which containers run tests.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
  });
}
