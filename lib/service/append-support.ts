import type { FactStore } from '../contract/contract.types.js';
import { InvalidOptionsError } from '../contract/errors.js';
import { metadataReaderOf } from './metadata/cause.js';
import type { PostgresAppendOptions } from '../stores/postgres/append/append-inside.js';

/** @throws InvalidOptionsError where the store does not support an option that is given */
export function checkAppendSupport(
  store: FactStore,
  options: PostgresAppendOptions | undefined,
): void {
  if (options === undefined) return;
  const { capabilities } = store;
  if (options.manager !== undefined && capabilities?.managers !== true) {
    throw new InvalidOptionsError(
      'The option manager is for provider "postgres": on others facts cannot be a part of the application\'s transaction. Append without it.',
    );
  }
  if (options.metadata !== undefined) metadataReaderOf(store);
  if (options.appendId !== undefined && capabilities?.appendIds !== true) {
    throw new InvalidOptionsError(
      'The options appendId and idempotentAppends need a store that keeps ids (capabilities.appendIds); this custom store would append again. Leave them out.',
    );
  }
  if (options.command !== undefined && capabilities?.commands !== true) {
    throw new InvalidOptionsError(
      'The option command needs a store that keeps commands with ids (capabilities.commands); this custom store compares facts. Leave it out.',
    );
  }
}
