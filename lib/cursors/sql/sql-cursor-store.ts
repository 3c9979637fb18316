import type { MaybePromise } from '../../contract/contract.types.js';
import { placeAfter } from '../cursor-store.js';
import type {
  CursorPlace,
  Fingerprint,
  Intervention,
  LeaseOwner,
  LeaseVersion,
  ParkedFact,
  ProjectionRequest,
  QueryChange,
  RecordedIntervention,
  StoredStream,
  StreamReport,
} from '../cursor-store.js';
import { requestVerb } from '../requests.js';
import { storableText } from '../../support/storable-text.js';
import { storableBy, storableFact, storableOwner, storableReport } from '../cursor-texts.js';
import type { CursorSql } from './cursor-sql.js';
import type { SqlRow, SqlRunner, SqlStep } from './sql-steps.js';
import { toStoredStream } from './stored-stream.js';

/**
 * The cursor store in a SQL database: the fact store's own, or the read model's for transactional projections. One set
 * of statements for SQLite and Postgres; the runner makes each call one transaction.
 */
export class SqlCursorStore {
  readonly #sql: CursorSql;
  readonly #runner: SqlRunner;

  constructor(sql: CursorSql, runner: SqlRunner) {
    this.#sql = sql;
    this.#runner = runner;
  }

  open(name: string, queryText: string, start: bigint): MaybePromise<StoredStream> {
    const { createCursor, createStream, find } = this.#sql;
    return this.#map(
      [
        { sql: createCursor, values: [name, queryText, start.toString()] },
        { sql: createStream, values: [name] },
        { sql: find, values: [name] },
      ],
      (results) => toStoredStream(results![2]![0]!),
    );
  }

  find(name: string): MaybePromise<StoredStream | undefined> {
    return this.#map([{ sql: this.#sql.find, values: [name] }], (results) => {
      const row = results![0]![0];
      return row && toStoredStream(row);
    });
  }

  claim(
    name: string,
    seen: LeaseVersion,
    owner: LeaseOwner,
    ttl: number,
  ): MaybePromise<bigint | undefined> {
    const values = [
      name,
      seen.epoch.toString(),
      seen.renewals.toString(),
      JSON.stringify(storableOwner(owner)),
      String(ttl),
    ];
    return this.#map([{ sql: this.#sql.claim, values }], (results) => {
      const row = results![0]![0];
      return row && BigInt(row[0]!);
    });
  }

  renew(name: string, epoch: bigint, ttl: number): MaybePromise<boolean> {
    return this.#fenced(this.#sql.renew, [name, epoch.toString(), String(ttl)]);
  }

  release(name: string, epoch: bigint): MaybePromise<void> {
    return this.#map(
      [{ sql: this.#sql.release, values: [name, epoch.toString()] }],
      () => undefined,
    );
  }

  advance(name: string, epoch: bigint, fingerprint: Fingerprint): MaybePromise<boolean> {
    return this.#map(this.advanceSteps(name, epoch, fingerprint), isCommitted);
  }

  /** For a caller that moves the cursor inside a transaction of its own. The fence comes first and locks the row. */
  advanceSteps(name: string, epoch: bigint, { sequence_number, hash }: Fingerprint): SqlStep[] {
    const { mark, move, markAndMove } = this.#sql;
    const position = sequence_number.toString();
    const values = [name, epoch.toString(), position, hash];
    if (markAndMove !== null) return [{ sql: markAndMove, values, guard: true }];
    return [
      { sql: mark, values, guard: true },
      { sql: move, values: [name, position], guard: true },
    ];
  }

  report(name: string, epoch: bigint, report: StreamReport): MaybePromise<boolean> {
    return this.#fenced(this.#sql.report, [
      name,
      epoch.toString(),
      JSON.stringify(storableReport(report)),
    ]);
  }

  changeQuery(name: string, epoch: bigint, change: QueryChange): MaybePromise<boolean> {
    const { former, position, queryText } = change;
    return this.#map(
      [
        { sql: this.#sql.check, values: [name, epoch.toString()], guard: true },
        {
          sql: this.#sql.changeQuery,
          values: [name, queryText, former, position.toString()],
          guard: true,
        },
      ],
      isCommitted,
    );
  }

  intervene(name: string, intervention: Intervention): MaybePromise<void> {
    return this.#map(this.interveneSteps(name, intervention), () => undefined);
  }

  /** For a caller that resets a read model inside a transaction of its own. */
  interveneSteps(name: string, { verb, by, position, queryText }: Intervention): SqlStep[] {
    const steps: SqlStep[] = [{ sql: this.#sql.fence, values: [name] }];
    if (verb === 'pause' || verb === 'resume') {
      steps.push({ sql: this.#sql.setPaused, values: [name, verb === 'pause' ? '1' : '0'] });
    }
    if (verb === 'retryParked') steps.push({ sql: this.#sql.setRetryParked, values: [name] });
    const clearsParked = verb === 'discardParked' || position !== undefined;
    if (clearsParked) steps.push({ sql: this.#sql.discardParked, values: [name] });
    if (position !== undefined) {
      steps.push(
        { sql: this.#sql.setPosition, values: [name, position.toString()] },
        { sql: this.#sql.forgetFingerprint, values: [name] },
      );
    }
    if (queryText !== undefined) {
      steps.push({ sql: this.#sql.setQuery, values: [name, queryText] });
    }
    steps.push(this.#recordStep(name, verb, by, position));
    const place = placeAfter(verb);
    if (place !== undefined && this.#sql.setPlace !== null) {
      steps.push(
        { sql: this.#sql.createStream, values: [name] },
        { sql: this.#sql.setPlace, values: [name, place] },
      );
    }
    return steps;
  }

  ask(name: string, request: ProjectionRequest): MaybePromise<void> {
    const { by, position } = request;
    const steps = [
      { sql: this.#sql.fence, values: [name] },
      this.#recordStep(name, requestVerb(request), by, position),
    ];
    return this.#map(steps, () => undefined);
  }

  answer(
    name: string,
    epoch: bigint,
    verb: string,
    intervention?: Intervention,
  ): MaybePromise<boolean> {
    return this.#map(this.answerSteps(name, epoch, verb, intervention), isCommitted);
  }

  /** For a caller that resets a read model inside a transaction of its own. The fence comes first. */
  answerSteps(name: string, epoch: bigint, verb: string, intervention?: Intervention): SqlStep[] {
    return [
      { sql: this.#sql.check, values: [name, epoch.toString()], guard: true },
      ...(intervention === undefined ? [] : this.interveneSteps(name, intervention)),
      this.#recordStep(name, storableText(verb), null),
    ];
  }

  #recordStep(name: string, verb: string, by: string | null, position?: bigint): SqlStep {
    const at = new Date().toISOString();
    return {
      sql: this.#sql.record,
      values: [name, verb, storableBy(by), position?.toString() ?? null, at],
    };
  }

  park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    fingerprint: Fingerprint,
  ): MaybePromise<boolean> {
    return this.#map(this.parkSteps(name, epoch, fact, fingerprint), isCommitted);
  }

  /** The record and the cursor's move, for a caller that commits them in a transaction of its own. */
  parkSteps(name: string, epoch: bigint, fact: ParkedFact, fingerprint: Fingerprint): SqlStep[] {
    const park = { sql: this.#sql.park, values: parkValues(name, fact) };
    return [...this.advanceSteps(name, epoch, fingerprint), park];
  }

  parked(name: string): MaybePromise<ParkedFact[]> {
    return this.#map([{ sql: this.#sql.parked, values: [name] }], (results) =>
      results![0]!.map(([sequence_number, error, attempts, at]) => ({
        sequence_number: BigInt(sequence_number!),
        error: error!,
        attempts: Number(attempts),
        at: at!,
      })),
    );
  }

  unpark(name: string, epoch: bigint, sequenceNumber: bigint): MaybePromise<boolean> {
    return this.#map(this.unparkSteps(name, epoch, sequenceNumber), isCommitted);
  }

  unparkSteps(name: string, epoch: bigint, sequenceNumber: bigint): SqlStep[] {
    return [
      { sql: this.#sql.check, values: [name, epoch.toString()], guard: true },
      { sql: this.#sql.unpark, values: [name, sequenceNumber.toString()] },
      { sql: this.#sql.retriedParked, values: [name] },
    ];
  }

  repark(name: string, epoch: bigint, fact: ParkedFact): MaybePromise<boolean> {
    return this.#map(
      [
        { sql: this.#sql.check, values: [name, epoch.toString()], guard: true },
        { sql: this.#sql.park, values: parkValues(name, fact) },
        { sql: this.#sql.endRetryParked, values: [name] },
      ],
      isCommitted,
    );
  }

  activeVersion(name: string): MaybePromise<number | null> {
    return this.#map([{ sql: this.#sql.activeVersion, values: [name] }], (results) => {
      const version = results![0]![0]?.[0];
      return version == null ? null : Number(version);
    });
  }

  activate(name: string, version: number, by: string | null): MaybePromise<void> {
    const { createStream, activate } = this.#sql;
    const steps = [
      { sql: createStream, values: [name] },
      { sql: activate, values: [name, String(version)] },
      this.#recordStep(name, `switchTo ${version}`, by),
    ];
    return this.#map(steps, () => undefined);
  }

  interventions(name: string): MaybePromise<RecordedIntervention[]> {
    return this.#map([{ sql: this.#sql.interventions, values: [name] }], (results) =>
      results![0]!.map(([verb, by, position, at]) => ({
        verb: verb!,
        by: by ?? null,
        position: position == null ? null : BigInt(position),
        at: at!,
      })),
    );
  }

  /** Where a projection's cursor is kept, also of a name without one. Only a fact store's tables tell. */
  cursorPlace(name: string): MaybePromise<CursorPlace | undefined> {
    return this.#map([{ sql: this.#sql.place, values: [name] }], (results) =>
      placeAfter(results![0]![0]![0]),
    );
  }

  #fenced(sql: string, values: readonly string[]): MaybePromise<boolean> {
    return this.#map([{ sql, values, guard: true }], isCommitted);
  }

  #map<T>(
    steps: readonly SqlStep[],
    read: (results: SqlRow[][] | undefined) => T,
  ): MaybePromise<T> {
    const results = this.#runner.run(steps);
    return results instanceof Promise ? results.then(read) : read(results);
  }
}

function isCommitted(results: SqlRow[][] | undefined): boolean {
  return results !== undefined;
}

function parkValues(name: string, fact: ParkedFact): string[] {
  const { sequence_number, error, attempts, at } = storableFact(fact);
  return [name, sequence_number.toString(), error, String(attempts), at];
}
