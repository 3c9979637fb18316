import { pathToFileURL } from 'node:url';

/**
 * The URL of the file that this code runs from: of this module, or of the bundle that it became part of. A bundler
 * that makes CommonJS leaves no `import.meta.url`; CommonJS has `__filename` instead.
 */
export const ownPlace: string = placeOf(import.meta.url);

function placeOf(url: string | undefined): string {
  if (url !== undefined) return url;
  const file = typeof __filename === 'string' ? __filename : process.argv[1];
  return pathToFileURL(file ?? process.execPath).href;
}
