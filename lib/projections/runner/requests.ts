import type { ProjectionRequest } from '../../cursors/cursor-store.js';
import type { Lease } from '../../cursors/lease.js';
import { nextRequest, outcomeVerb } from '../../cursors/requests.js';
import { queryText } from '../../matching/query-text.js';
import type { PreparedQuery } from '../../contract/validation.js';
import type { LogSource } from '../../streams/log-source.js';
import { describeError } from '../../support/describe-error.js';
import type { ProjectionCommit } from '../delivery/commit.js';
import { isPassing } from '../failures.js';
import type { Projection } from '../projection.js';
import { checkPosition } from '../delivery/intervention-checks.js';
import type { OwnCalls } from './own-calls.js';

/**
 * Carries out what operators asked for from outside, under the projection's lease: what a request does and its
 * outcome are committed together, so that it is done once, wherever a process dies. `onReset` of a projection that
 * is not transactional may have run before that, and runs again.
 */
export class Requests {
  readonly #source: LogSource;
  readonly #projection: Projection;
  readonly #query: PreparedQuery;
  readonly #commits: ProjectionCommit;
  readonly #calls: OwnCalls;

  constructor(
    source: LogSource,
    projection: Projection,
    query: PreparedQuery,
    commits: ProjectionCommit,
    calls: OwnCalls,
  ) {
    this.#source = source;
    this.#projection = projection;
    this.#query = query;
    this.#commits = commits;
    this.#calls = calls;
  }

  /** The one that waits longest. */
  async next(): Promise<ProjectionRequest | undefined> {
    const { cursorStore } = this.#commits;
    if (cursorStore.answer === undefined) return undefined;
    return nextRequest(await cursorStore.interventions(this.#projection.name));
  }

  /** Ends the lease. Rejects when the database does not answer: the request is carried out later. */
  async carryOut(request: ProjectionRequest, lease: Lease): Promise<void> {
    const own: { error?: unknown } = {};
    try {
      if (Date.parse(request.expires) < Date.now()) {
        await this.#answer(lease, request, 'expired', null);
        return;
      }
      await this.#do(request, lease, own);
    } catch (error) {
      // What `onReset` throws is for the operator to see, who asks again.
      if (own.error !== error && isPassing(error)) throw error;
      await this.#answer(lease, request, 'failed', describeError(error));
    } finally {
      await lease.release();
    }
  }

  /** `own`: gets what `onReset` throws. */
  async #do(
    { id, verb, by, position }: ProjectionRequest,
    lease: Lease,
    own: { error?: unknown },
  ): Promise<void> {
    const projection = this.#projection;
    const { name } = projection;
    const intervention = { verb, by, position, queryText: queryText(this.#query) };
    await checkPosition(intervention, name, this.#source);
    await projection.movingBack?.();
    const onReset =
      verb === 'rebuild' && projection.clear !== undefined
        ? (manager: unknown) =>
            this.#calls
              .run(() => projection.clear!(manager))
              .catch((error: unknown) => {
                own.error = error;
                throw error;
              })
        : undefined;
    const done = outcomeVerb(id, { outcome: 'done', error: null });
    await this.#commits.carryOut(name, { epoch: lease.epoch, intervention, done }, onReset);
  }

  async #answer(
    lease: Lease,
    { id }: ProjectionRequest,
    outcome: 'failed' | 'expired',
    error: string | null,
  ): Promise<void> {
    const { cursorStore } = this.#commits;
    const verb = outcomeVerb(id, { outcome, error });
    await cursorStore.answer!(this.#projection.name, lease.epoch, verb);
  }
}
