import { AsyncResource } from 'node:async_hooks';

/** Made when this module loads: outside every request, transaction and CLS context. */
const outside = new AsyncResource('FactstrHandlers');

/** An async context for one handler: never that of the bootstrap, or of whoever registered it or appended. */
export function cleanContext(): AsyncResource {
  return outside.runInAsyncScope(() => new AsyncResource('FactstrHandler'));
}
