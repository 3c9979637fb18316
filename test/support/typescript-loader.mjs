import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const library = {
  'nestjs-factstr': new URL('../../lib/index.ts', import.meta.url).href,
  'nestjs-factstr/typeorm': new URL('../../lib/typeorm/index.ts', import.meta.url).href,
};

export async function resolve(specifier, context, nextResolve) {
  if (Object.hasOwn(library, specifier)) return { url: library[specifier], shortCircuit: true };
  const fromTypeScript = context.parentURL?.endsWith('.ts') && specifier.startsWith('.');
  if (!fromTypeScript) return nextResolve(specifier, context);
  return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), {
    filename,
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}
