// Lets `node --import` run the repository's TypeScript in a child process, compiled as Jest compiles it.
//
// In the process's own thread: a loader's thread, and a question to it for each module, cost more than the process.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { SWC_OPTIONS } from './swc-options.mjs';

const library = new URL('../../lib/', import.meta.url);
const CACHE = new URL('../../node_modules/.cache/typescript/', import.meta.url);
const COMPILER = new URL('../../node_modules/@swc/core/package.json', import.meta.url);
const OPTIONS = { swcrc: false, ...SWC_OPTIONS };
const { version } = JSON.parse(readFileSync(COMPILER, 'utf8'));

registerHooks({
  resolve(specifier, context, nextResolve) {
    const [, subpath] = /^nestjs-factstr(\/[a-z]+)?$/.exec(specifier) ?? [];
    if (subpath !== undefined || specifier === 'nestjs-factstr') {
      return { url: new URL(`.${subpath ?? ''}/index.ts`, library).href, shortCircuit: true };
    }
    const fromTypeScript = context.parentURL?.endsWith('.ts') && specifier.startsWith('.');
    if (!fromTypeScript) return nextResolve(specifier, context);
    return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
  },
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
    return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true };
  },
});

/** Of what was compiled before, the compiler is not even loaded: suites start hundreds of processes. */
function compiled(filename) {
  const text = readFileSync(filename, 'utf8');
  const hash = createHash('sha256')
    .update(JSON.stringify([version, OPTIONS, filename, text]))
    .digest('hex');
  const cached = new URL(`${hash}.js`, CACHE);
  try {
    return readFileSync(cached, 'utf8');
  } catch {
    const { transformSync } = createRequire(import.meta.url)('@swc/core');
    const { code } = transformSync(text, { filename, ...OPTIONS });
    mkdirSync(CACHE, { recursive: true });
    // Whole or not there: others read it, and this process may be killed at any moment.
    const part = new URL(`${hash}.${process.pid}`, CACHE);
    writeFileSync(part, code);
    renameSync(part, cached);
    return code;
  }
}
