import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const library = new URL('../../lib/', import.meta.url);

const CACHE = new URL('../../node_modules/.cache/typescript/', import.meta.url);
const COMPILER = new URL('../../node_modules/@swc/core/package.json', import.meta.url);
const OPTIONS = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

export async function resolve(specifier, context, nextResolve) {
  const [, subpath] = /^nestjs-factstr(\/[a-z]+)?$/.exec(specifier) ?? [];
  if (subpath !== undefined || specifier === 'nestjs-factstr') {
    return { url: new URL(`.${subpath ?? ''}/index.ts`, library).href, shortCircuit: true };
  }
  const fromTypeScript = context.parentURL?.endsWith('.ts') && specifier.startsWith('.');
  if (!fromTypeScript) return nextResolve(specifier, context);
  return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  return { format: 'module', source: await compiled(fileURLToPath(url)), shortCircuit: true };
}

const version = JSON.parse(await readFile(COMPILER, 'utf8')).version;

/** Of what was compiled before, the compiler is not even loaded: suites start hundreds of processes. */
async function compiled(filename) {
  const text = await readFile(filename, 'utf8');
  const hash = createHash('sha256')
    .update(JSON.stringify([version, OPTIONS, filename, text]))
    .digest('hex');
  const cached = new URL(`${hash}.js`, CACHE);
  try {
    return await readFile(cached, 'utf8');
  } catch {
    const { transform } = await import('@swc/core');
    const { code } = await transform(text, { filename, ...OPTIONS });
    await mkdir(CACHE, { recursive: true });
    // Whole or not there: others read it, and this process may be killed at any moment.
    const part = new URL(`${hash}.${process.pid}`, CACHE);
    await writeFile(part, code);
    await rename(part, cached);
    return code;
  }
}
