import type { FollowedGroup } from '../../../lib/streams/log-view.js';
import { append, group } from './groups.js';

/** Facts of one call of `callOf`: large enough that a kill meets a call in its midst. */
export const FACTS_OF_CALL = 300;

/** What the so-manieth call applies. */
export function callOf(call: number): FollowedGroup[] {
  return Array.from({ length: 3 }, (_, n) =>
    group(
      call,
      Array.from({ length: FACTS_OF_CALL / 3 }, (__, fact) =>
        append([{ event_type: 'noted', payload: { call, n, fact } }], {
          appendId: `${call}-${n}-${fact}`,
        }),
      ),
      `${call}-${n}`,
    ),
  );
}
