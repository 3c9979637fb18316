import { AsyncResource } from 'node:async_hooks';
import type { MaybePromise } from '../contract/contract.types.js';
import { callInside } from './open-streams.js';

/** Made when this module loads: outside every request, transaction and CLS context. */
const outside = new AsyncResource('FactstrHandlers');

/**
 * An async context for one handler: never that of the bootstrap, of the registering code or of the appending code. Only the
 * stream whose call it is remains known, so that `close` can tell a call from inside that stream's handler.
 */
export class CleanContext {
  readonly #resource = outside.runInAsyncScope(() => new AsyncResource('FactstrHandler'));

  /** Calls at once. Rejects with what `call` throws or rejects with. */
  run<T>(call: () => MaybePromise<T>): Promise<T> {
    return callInside((inside) => this.#resource.runInAsyncScope(inside), call);
  }
}
