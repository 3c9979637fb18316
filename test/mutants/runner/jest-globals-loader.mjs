import { pathToFileURL } from 'node:url';

const globals = new URL('./globals.ts', import.meta.url).href;
const root = pathToFileURL(`${process.cwd()}/`);
/** The mutated ones, in the sandbox. */
const library = {
  'nestjs-factstr': new URL('lib/index.ts', root).href,
  'nestjs-factstr/stores': new URL('lib/stores/index.ts', root).href,
  'nestjs-factstr/testing': new URL('lib/testing/index.ts', root).href,
  'nestjs-factstr/typeorm': new URL('lib/typeorm/index.ts', root).href,
};

export async function resolve(specifier, context, nextResolve) {
  if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
  if (Object.hasOwn(library, specifier)) return { url: library[specifier], shortCircuit: true };
  return nextResolve(specifier, context);
}
