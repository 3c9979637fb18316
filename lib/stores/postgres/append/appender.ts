import { isPromise } from 'node:util/types';
import type { AppendIfResult } from '../../../contract/contract.types.js';
import { DatabaseBusyError } from '../../../contract/errors.js';
import { groupResult, groupStatement, ownStatement } from './append-statement.js';
import type { AppendSettings, GroupMember, GroupResult } from './append-statement.js';
import type { AppendOutcome } from '../../../contract/append-request.js';
import type { ContextAppend } from '../../../context-index/terms/context-plan.js';
import type { ReadyConnection, ReadySchema } from '../schema/ready-schema.js';
import type { PostgresContextIndex } from '../index/context-index.js';
import type { CommittedRange } from '../log/log.js';
import type { KnownLog } from '../index/known-log.js';
import type { PgRow, PgStatement } from '../connection/driver.js';
import { isCancelled } from '../connection/errors.js';
import type { KnownHead, VersionOfLog } from '../index/log-state.js';

/** Facts committed since that the server matches under the lock, at most; more of them are read here first. */
const MAX_GAP_FACTS = 1_000;
/** Attempts with that bound; after them the server matches any number under the lock. */
const MAX_GAP_ATTEMPTS = 3;
/** Further attempts with a group that the server finds stale, before it is judged without what is known here. */
const MAX_STALE_ATTEMPTS = 3;
/** Rounds in which contexts are looked up again because the log has grown too far meanwhile, at most. */
const MAX_LOOKUP_ROUNDS = 2;

/** Commits groups of appends: what is known of their contexts goes with them, so that the lock is held briefly. */
export class PostgresAppender {
  readonly #connection: ReadyConnection;
  readonly #log: KnownLog;
  readonly #index: PostgresContextIndex;
  readonly #retention: number;
  readonly #committed: (range: CommittedRange, schema: string) => void;
  /** What was found out about the contexts of appends that wait. */
  readonly #known = new WeakMap<ContextAppend, VersionOfLog | null>();

  /** @param retention how long an append's id is kept, in milliseconds */
  constructor(
    connection: ReadyConnection,
    log: KnownLog,
    index: PostgresContextIndex,
    retention: number,
    committed: (range: CommittedRange, schema: string) => void,
  ) {
    this.#connection = connection;
    this.#log = log;
    this.#index = index;
    this.#retention = retention;
    this.#committed = committed;
  }

  /** Looks an append's context up; `undefined` when that is done, or not needed. */
  prepare(pending: ContextAppend): Promise<void> | undefined {
    if (pending.condition === null) return undefined;
    const known = this.#index.known(pending.condition.query);
    if (!isPromise(known)) {
      this.#known.set(pending, known);
      return undefined;
    }
    return known.then(
      (version) => void this.#known.set(pending, version),
      (error: unknown) => {
        if (!isHeldUp(error)) throw error;
        // Long queries, or a lock on the index, hold it up. They do not hold up the append's own connection.
        this.#known.set(pending, null);
      },
    );
  }

  /** Commits a group in one transaction. Every failure leaves nothing behind. */
  async commit(group: readonly ContextAppend[]): Promise<readonly AppendOutcome[]> {
    const ready = await this.#connection.ready();
    const run = async (statement: PgStatement): Promise<PgRow> => ready.append(statement);
    const result = await this.#judged(group, ready, MAX_GAP_ATTEMPTS, run, ownStatement);
    const { head, headAt, at, appended, outcomes } = result;
    const facts = appended.flatMap((pending) => pending.facts);
    this.#log.committed({ head: Number(head), headAt, at, facts });
    if (facts.length > 0) {
      const last = head + BigInt(facts.length);
      const range = { first: head + 1n, last, at, appends: appended.length };
      this.#committed(range, ready.schema);
    }
    return outcomes;
  }

  /** Appends inside the application's transaction, by `run`. Whether that commits is not learned here. */
  async inside(
    pending: ContextAppend,
    ready: ReadySchema,
    run: (statement: PgStatement) => Promise<PgRow>,
  ): Promise<AppendIfResult> {
    await this.prepare(pending);
    const { outcomes } = await this.#judged([pending], ready, 0, run);
    const [outcome] = outcomes;
    if ('verdict' in outcome!) return outcome.verdict;
    throw outcome!.refusal;
  }

  /** After `attempts` in vain the server looks at all facts that came since, however many. */
  async #judged(
    group: readonly ContextAppend[],
    { schema, functions, log, sparse }: ReadySchema,
    attempts: number,
    run: (statement: PgStatement) => Promise<PgRow>,
    statementOf = groupStatement,
  ): Promise<GroupResult> {
    const settings: AppendSettings = {
      schema,
      functions,
      log,
      sparse,
      lockTimeout: this.#connection.options.lockTimeout,
      retention: this.#retention,
    };
    for (let attempt = 0; ; attempt++) {
      const { members, head } =
        attempt < attempts + MAX_STALE_ATTEMPTS ? await this.#informed(group) : uninformed(group);
      const gap = attempt < attempts ? MAX_GAP_FACTS : null;
      const row = await run(statementOf(members, head, gap, settings));
      const result = groupResult(group, row);
      if (result !== undefined) return result;
      await this.#log.refresh();
    }
  }

  /** All that is known of the members' contexts. */
  async #informed(
    group: readonly ContextAppend[],
  ): Promise<{ members: GroupMember[]; head: KnownHead | null }> {
    for (let round = 1; ; round++) {
      const members: GroupMember[] = [];
      const outdated: ContextAppend[] = [];
      for (const pending of group) {
        const known = this.#currentOf(pending);
        if (known === undefined) outdated.push(pending);
        members.push({ pending, known: known ?? this.#knownBefore(pending) });
      }
      // The log may grow faster than contexts are looked up: what came since is looked at by the server then.
      if (outdated.length === 0 || round > MAX_LOOKUP_ROUNDS) {
        const isNeeded = members.some(({ known }) => known !== null);
        return { members, head: isNeeded ? this.#log.head : null };
      }
      await Promise.all(outdated.map(async (pending) => this.prepare(pending)));
    }
  }

  /** `undefined` when it has to be looked up again. */
  #currentOf(pending: ContextAppend): VersionOfLog | null | undefined {
    if (pending.condition === null) return null;
    const known = this.#known.get(pending);
    if (known == null) return known;
    return this.#index.current(pending.condition.query, known);
  }

  /** What was known of the present log at some moment. */
  #knownBefore(pending: ContextAppend): VersionOfLog | null {
    const known = this.#known.get(pending);
    return known?.log === this.#log.head.log ? known : null;
  }
}

/** The server looks at all facts, so that its verdict does not depend on what is known here. */
function uninformed(group: readonly ContextAppend[]): { members: GroupMember[]; head: null } {
  return { members: group.map((pending) => ({ pending, known: null })), head: null };
}

/** Whether a connection, or a lock, was waited for in vain; the server's own look-up may be faster. */
function isHeldUp(error: unknown): boolean {
  return error instanceof DatabaseBusyError && !isCancelled(error);
}
