import type { NewEvent } from '../../../lib/contract/contract.types.js';
import type { ContextAppend } from '../../../lib/context-index/terms/context-plan.js';
import type { FollowedGroup } from '../../../lib/streams/log-view.js';
import { Material } from '../../support/facts/arbitrary.js';
import { append, group } from './groups.js';
import { RETENTION } from './views.js';

const IDS = 12;
const NAMES = 8;

/**
 * Groups of a log, always the same for a seed: names and ids that come again, in time and after it; conditions that
 * hold and that do not; batches and metadata. `head` tells how far a view of the log has come.
 */
export class RandomGroups {
  readonly material: Material;
  #after = 0;

  constructor(seed: number) {
    this.material = new Material(seed);
  }

  next(head: bigint): FollowedGroup {
    const { material } = this;
    // Now and then just as long as ids are kept.
    this.#after += [0, 1, 40, 300, RETENTION - 1, RETENTION][material.below(6)]!;
    const name = material.below(2) === 0 ? null : `group-${material.below(NAMES)}`;
    const size = 1 + material.below(4);
    return group(
      this.#after,
      Array.from({ length: size }, () => this.#append(head)),
      name,
    );
  }

  #append(head: bigint): ContextAppend {
    const { material } = this;
    // The same id often comes with the same facts.
    const id = material.below(IDS);
    const hasId = material.below(3) > 0;
    const same: NewEvent[] = [{ event_type: 'a', payload: { id } }];
    const events = hasId && material.below(3) > 0 ? same : material.draw(1 + material.below(3));
    const appendId = hasId
      ? {
          appendId: `id-${id}`,
          ...(id === 0 ? { permanent: true as const } : {}),
          ...(id === 1 ? { command: { id: material.below(2) } } : {}),
        }
      : {};
    const condition =
      material.below(2) === 0
        ? {
            query: material.queries[material.below(material.queries.length)]!,
            expected: material.below(3) === 0 || head === 0n ? null : this.#number(head),
          }
        : {};
    const metadata =
      material.below(3) === 0 && head > 0n
        ? { metadata: { causation_id: `${this.#number(head)}`, n: material.below(9) } }
        : {};
    return append(events, { ...appendId, ...condition, ...metadata });
  }

  #number(head: bigint): bigint {
    return BigInt(1 + this.material.below(Number(head)));
  }
}
