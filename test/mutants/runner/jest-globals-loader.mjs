const globals = new URL('./globals.ts', import.meta.url).href;

export async function resolve(specifier, context, nextResolve) {
  if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
  return nextResolve(specifier, context);
}
