import type { INestApplicationContext } from '@nestjs/common';
import { FactstrProjections } from '../module/factstr-projections.js';
import type { DrainedOptions } from '../module/projections/verb-options.js';
import { OWN_TIMING } from './support/timing.js';

/** What the kit needs of an application, or of a `TestingModule`. @publicApi */
export type TestedApplication = Pick<INestApplicationContext, 'get'>;

/**
 * Resolves when every projection of the application, or those named, has reached the head as it is at the call. Waits
 * by the machine's own clock, also while a test fakes the timers.
 * ```ts
 * await store.append([fact('item-added', { sku: 'a' })]);
 * await drained(app);
 * ```
 *
 * @throws WaitTimeoutError that tells of each projection that has not: where it stands, its state and its last error
 */
export async function drained(app: TestedApplication, options: DrainedOptions = {}): Promise<void> {
  await projectionsOf(app).drainedBy(OWN_TIMING, options);
}

/**
 * Resolves when the application has come to rest: every projection and every live handler has passed the head, and
 * none of them has appended anything meanwhile. What handlers do after they have settled is not seen.
 *
 * @throws WaitTimeoutError that tells what is not done, or that facts keep coming
 */
export async function settled(
  app: TestedApplication,
  options: Pick<DrainedOptions, 'timeout'> = {},
): Promise<void> {
  await projectionsOf(app).settledBy(OWN_TIMING, options);
}

export function projectionsOf(app: TestedApplication): FactstrProjections {
  return app.get(FactstrProjections, { strict: false });
}
