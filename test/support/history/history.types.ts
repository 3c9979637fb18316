/**
 * What was recorded of several processes that used one log at the same time. Sequence numbers are plain numbers,
 * so that a history is JSON. Times are microseconds of one monotonic clock that the processes share.
 */
export interface History {
  readonly calls: readonly RecordedCall[];
  /** The final log, in the order in which the store returned it. */
  readonly log: readonly LoggedFact[];
  /** The rows of `append_batches` where there is such a table. A fact without a row is a batch of one. */
  readonly batches?: readonly BatchRow[];
  readonly deliveries?: readonly RecordedStream[];
}

export interface RecordedEvent {
  readonly event_type: string;
  readonly payload: unknown;
}

export interface LoggedFact extends RecordedEvent {
  readonly sequence_number: number;
}

export type BatchRow = readonly [first: number, last: number];

/** A sequence number; `null` where a context is empty. */
export type Version = number | null;

export interface RecordedQuery {
  readonly filters?:
    | readonly {
        readonly event_types?: readonly string[] | null;
        readonly payload_predicates?: readonly unknown[] | null;
      }[]
    | null;
  readonly min_sequence_number?: Version;
}

/**
 * Facts must tell whose they are: no two appends of a history have a fact in common, unless they repeat the same
 * facts with the same id.
 */
export interface AppendCall {
  readonly kind: 'append';
  readonly events: readonly RecordedEvent[];
  readonly appendId?: string;
}

export interface AppendIfCall {
  readonly kind: 'appendIf';
  readonly events: readonly RecordedEvent[];
  readonly query: RecordedQuery;
  readonly expected: Version;
  readonly appendId?: string;
}

export interface QueryCall {
  readonly kind: 'query';
  readonly query: RecordedQuery;
  /** Of a page: how many rows at the most. */
  readonly limit?: number;
}

export type Call = AppendCall | AppendIfCall | QueryCall;

export interface Committed {
  readonly kind: 'committed';
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

export interface Conflict {
  readonly kind: 'conflict';
  readonly expected: Version;
  readonly actual: Version;
}

export interface Answered {
  readonly kind: 'answered';
  readonly rows: readonly number[];
  /** Of the rows' types and payloads; see `digestOf`. */
  readonly digest: string;
  readonly last: Version;
  readonly version: Version;
}

/** A definite error: nothing was written. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
}

/** An error after which an append may have committed, or may still commit. */
export interface Indeterminate {
  readonly kind: 'indeterminate';
  readonly code: string;
}

export type Outcome = Committed | Conflict | Answered | Refused | Indeterminate;

export interface RecordedCall {
  /** One store object, or one face of it, whose appends commit in call order. */
  readonly client: string;
  /**
   * The copy of the log that may have answered, where that may be behind the log: it has what was acknowledged through
   * it before the call, and what it showed before. Absent where the log itself answers.
   */
  readonly view?: string;
  /** Before the call was made. */
  readonly start: number;
  /** After it was answered; absent when it never was: its process ended. */
  readonly end?: number;
  readonly call: Call;
  readonly outcome?: Outcome;
}

/** What a stream's handler was given and did not fail on: a batch's matching facts at a time. */
export type Delivery = readonly number[];

export interface RecordedStream {
  readonly name: string;
  readonly query: RecordedQuery;
  /**
   * Everything that matches and comes after this number is delivered. A live stream begins somewhere between two
   * such numbers.
   */
  readonly after: number | readonly [earliest: number, latest: number];
  /** The last fact that must have been delivered if it matches; by default the log's last one. */
  readonly through?: number;
  /** The deliveries of one registration after the other. */
  readonly runs: readonly (readonly Delivery[])[];
  /**
   * How many batches a registration may deliver again because the one before it crashed between the handler's
   * success and the cursor's write. Default 0.
   */
  readonly mayRepeat?: number;
}

export interface Violation {
  /** The rule's name, to be counted by. */
  readonly rule: Rule;
  /** What is wrong, in words. */
  readonly explanation: string;
}

export type Rule =
  | 'numbers are dense'
  | 'batches are whole'
  | 'nobody else writes'
  | 'acknowledged facts are there'
  | 'appends are whole'
  | 'appends happen once'
  | 'failed appends leave nothing'
  | 'real-time order'
  | 'call order'
  | 'a condition held'
  | 'a conflict was one'
  | 'answers are prefixes'
  | 'an id has one range'
  | 'a reused id was used'
  | 'deliveries are batches'
  | 'deliveries ascend'
  | 'deliveries are complete';
