import type { EntityManager } from 'typeorm';
import type { ProjectionContext } from '../module/handlers/handler-types.js';

/**
 * What a transactional projection's handler is told besides the facts.
 *
 * @publicApi
 */
export interface TransactionalContext extends ProjectionContext {
  /** Of the transaction that also moves the cursor. Everything that the handler writes goes through it. */
  readonly manager: EntityManager;
}
