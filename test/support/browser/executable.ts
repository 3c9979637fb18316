import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const MODULES = resolve(import.meta.dirname, '../../../node_modules');
const PACKAGE = join(MODULES, '@sparticuz/chromium/package.json');

/** Where a Chromium is looked for on systems for which no npm package brings one. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The package’s own names folders at a fixed place. Without any font Chromium ends at the first input field. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
</fontconfig>
`;

export const HOW_TO_INSTALL =
  'No Chromium was found. Install one (Debian: `apt-get install chromium`), or name one by CHROMIUM_PATH.';

export interface Executable {
  readonly path: string;
  /** What its process needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Gives the browser: the one that CHROMIUM_PATH names, that of the npm package (Linux on x64), or an installed one. */
export function findExecutable(): (() => Promise<Executable>) | undefined {
  const named = process.env['CHROMIUM_PATH'];
  if (named) return () => Promise.resolve({ path: named, env: {} });
  if (process.platform === 'linux' && process.arch === 'x64' && existsSync(PACKAGE)) {
    return unpacked;
  }
  const path = PLACES.find((place) => existsSync(place));
  return path === undefined ? undefined : () => Promise.resolve({ path, env: {} });
}

/** Unpacked once for each version, beside the package. */
async function unpacked(): Promise<Executable> {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
  const cache = join(MODULES, '.cache/chromium');
  const folder = join(cache, version);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    const temporary = await mkdtemp(join(cache, 'unpacking-'));
    try {
      await unpack(temporary);
      await writeFile(join(temporary, 'fonts/fonts.conf'), FONTS);
      await rename(temporary, folder).catch((error: unknown) => {
        // Another worker was faster.
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  // The libraries of NSS, which a plain system lacks, and a font: with glibc and libgcc it needs nothing else.
  const libraries = join(folder, 'al2023/lib');
  return {
    path: join(folder, 'chromium'),
    env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: join(folder, 'fonts') },
  };
}

async function unpack(folder: string): Promise<void> {
  await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'unpack.mjs')], {
    env: { TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
  });
}
