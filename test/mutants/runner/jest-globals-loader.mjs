import { pathToFileURL } from 'node:url';

const globals = new URL('./globals.ts', import.meta.url).href;
const root = pathToFileURL(`${process.cwd()}/`);
/** The mutated ones, in the sandbox. */
const library = new URL('lib/', root);

export async function resolve(specifier, context, nextResolve) {
  if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
  const [, subpath] = /^nestjs-factstr(\/[a-z]+)?$/.exec(specifier) ?? [];
  if (subpath !== undefined || specifier === 'nestjs-factstr') {
    return { url: new URL(`.${subpath ?? ''}/index.ts`, library).href, shortCircuit: true };
  }
  return nextResolve(specifier, context);
}
