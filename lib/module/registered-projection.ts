import type { Logger } from '@nestjs/common';
import type { EventRecord, FactStore } from '../contract/contract.types.js';
import { DEFAULT_RETRY_POLICY } from '../projections/back-off.js';
import { describeError, stackOf } from '../projections/failures.js';
import { ProjectionRunner } from '../projections/projection-runner.js';
import type { ProjectionCall } from '../projections/projection-runner.js';
import type { ProjectionStatus } from '../projections/projection-status.js';
import { readHead } from '../projections/read-head.js';
import type { FactHandler } from './fact-handlers.explorer.js';
import type { HandlerMetadata } from './handler-metadata.js';
import type { ProjectionContext } from './handler-types.js';

/** One `@DurableProjection` method with its runner. */
export class RegisteredProjection {
  readonly name: string;
  readonly storeName: string;
  readonly label: string;
  readonly runner: ProjectionRunner;
  readonly #store: FactStore;

  constructor(
    store: FactStore,
    storeName: string,
    handler: FactHandler,
    metadata: HandlerMetadata & { kind: 'durable' },
    maxAttempts: number | undefined,
    logger: Logger,
  ) {
    const { name, query } = metadata;
    const subject = `Projection "${name}" (${handler.label})`;
    this.name = name;
    this.storeName = storeName;
    this.label = handler.label;
    this.#store = store;
    const policy = {
      ...DEFAULT_RETRY_POLICY,
      ...(maxAttempts === undefined ? {} : { maxAttempts }),
    };
    this.runner = new ProjectionRunner(
      store,
      { name, query, handle: (call) => handler.call(call.facts, this.#context(call)) },
      policy,
      {
        failed: (facts: readonly EventRecord[], attempt, error) =>
          logger.error(
            `${subject} failed on fact ${facts[0]!.sequence_number}, attempt ${attempt} of ${policy.maxAttempts}: ${describeError(error)}`,
            stackOf(error),
          ),
        changed: (state, reason, failure) => {
          const line = `${subject} is ${state}${reason === null ? '' : `: ${reason}`}`;
          if (!failure) logger.debug(line);
          else if (state === 'retrying') logger.warn(line);
          else logger.error(line);
        },
      },
    );
  }

  async status(): Promise<ProjectionStatus> {
    const head = await readHead(this.#store);
    const status = this.runner.status;
    const { position } = status;
    return {
      store: this.storeName,
      name: this.name,
      handler: this.label,
      ...status,
      head,
      lag: head === null || position === null ? null : head > position ? head - position : 0n,
    };
  }

  #context({ facts, attempt, replaying, signal }: ProjectionCall): ProjectionContext {
    return {
      projection: this.name,
      store: this.storeName,
      sequenceNumber: facts.at(-1)!.sequence_number,
      attempt,
      replaying,
      signal,
    };
  }
}
