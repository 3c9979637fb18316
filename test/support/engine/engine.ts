import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import type {
  AppendIfResult,
  AppendResult,
  EventQuery,
  EventRecord,
  NewEvent,
  QueryResult,
} from '../../../lib/contract/contract.types.js';
import { testChildren } from '../../support/children.mjs';
import { onLines } from '../lines.js';
import { buildEngine } from './cargo.js';
import {
  readAppendIfResult,
  readAppendResult,
  readQueryResult,
  readRecord,
  writeNumber,
  writeQuery,
} from './wire.js';
import type {
  WrittenAppendIfResult,
  WrittenAppendResult,
  WrittenQueryResult,
  WrittenRecord,
} from './wire.js';

/** Where a log is. */
export type Location = { readonly sqlite: string } | { readonly postgres: string };

/** An error that FACTSTR, or the program around it, answered. */
export class EngineError extends Error {
  constructor(
    readonly kind: string,
    message: string,
  ) {
    super(message);
  }
}

/** How a stream of FACTSTR's runs. */
export interface EngineStreamOptions {
  /** A durable stream of that name; without it a live one. */
  name?: string;
  query?: EventQuery;
  /** The delivery, counted from 1, that its handler fails. */
  failAt?: number;
}

export interface EngineStream {
  unsubscribe(): Promise<void>;
}

/** A workload that is timed inside the program; see `engine/src/bench.rs`. */
export interface Workload {
  workload: 'append' | 'decide' | 'read' | 'replay' | 'deliver';
  /** Default 1. */
  threads?: number;
  /** Of all threads together; default 1. */
  operations?: number;
  /** No operation is begun after it. */
  milliseconds?: number;
  /** Facts per append; default 1. */
  batch?: number;
  event_type?: string;
  payload?: Record<string, unknown>;
  /** The payload's member that is `prefix` and the operation's number, modulo `contexts` where that is given. */
  key?: string;
  prefix?: string;
  contexts?: number;
  /** Where `key` begins to count. */
  first?: number;
  /** The durable stream of `replay`. */
  name?: string;
}

export interface Measured {
  readonly operations: number;
  readonly facts: number;
  readonly conflicts: number;
  /** From the first operation's begin to the last one's end. */
  readonly milliseconds: number;
  /** Of single operations, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Answer {
  id?: number;
  ok?: unknown;
  error?: { kind: string; message: string };
  stream?: number;
  delivery?: WrittenRecord[];
}

type Settle = { resolve: (value: unknown) => void; reject: (error: Error) => void };

/** A process with FACTSTR's own store in it. */
export class FactstrEngine {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #open = new Map<number, Settle>();
  readonly #handlers = new Map<number, (records: EventRecord[]) => void>();
  readonly #exited: Promise<unknown>;
  #last = 0;
  #errors = '';
  #end: Error | undefined;

  private constructor(program: string) {
    this.#child = spawn(program, { stdio: 'pipe' });
    testChildren().add(this.#child);
    this.#child.stderr.on('data', (text: Buffer) => (this.#errors += text.toString()));
    // Requests that meet a dead process are rejected by its end.
    this.#child.stdin.on('error', () => undefined);
    onLines(this.#child.stdout, (line) => this.#read(line));
    this.#exited = once(this.#child, 'close').then(([code, signal]) => {
      this.#end = new Error(
        `The engine ended (${String(code ?? signal)}): ${this.#errors.slice(-2_000)}`,
      );
      for (const { reject } of this.#open.values()) reject(this.#end);
      this.#open.clear();
    });
  }

  /** Starts a process, without a store. */
  static async start(): Promise<FactstrEngine> {
    const { program } = await buildEngine();
    return new FactstrEngine(program);
  }

  /** What it wrote to stderr: failed deliveries. */
  get errors(): string {
    return this.#errors;
  }

  async open(location: Location): Promise<void> {
    await this.#ask('open', { ...location });
  }

  async append(events: readonly NewEvent[]): Promise<AppendResult> {
    return readAppendResult((await this.#ask('append', { events })) as WrittenAppendResult);
  }

  async appendIf(
    events: readonly NewEvent[],
    query: EventQuery,
    expectedContextVersion?: bigint | null,
  ): Promise<AppendIfResult> {
    const expected = writeNumber(expectedContextVersion);
    const answer = await this.#ask('appendIf', { events, query: writeQuery(query), expected });
    return readAppendIfResult(answer as WrittenAppendIfResult);
  }

  async query(query: EventQuery): Promise<QueryResult> {
    const answer = await this.#ask('query', { query: writeQuery(query) });
    return readQueryResult(answer as WrittenQueryResult);
  }

  /** Registers a stream; for a durable one resolves when its replay has ended. `handle` only looks on. */
  async stream(
    options: EngineStreamOptions,
    handle: (records: EventRecord[]) => unknown,
  ): Promise<EngineStream> {
    const stream = ++this.#last;
    const { name, query, failAt } = options;
    this.#handlers.set(stream, (records) => void handle(records));
    const written = query === undefined ? null : writeQuery(query);
    await this.#ask('stream', { stream, name, query: written, failAt });
    return { unsubscribe: async () => void (await this.#ask('unsubscribe', { stream })) };
  }

  async bench(workload: Workload): Promise<Measured> {
    return (await this.#ask('bench', { ...workload })) as Measured;
  }

  /** Ends the streams and the store: what is on its way is delivered, and its cursor stored. */
  async close(): Promise<void> {
    await this.#ask('close', {});
  }

  /** Ends the process, as a crash does, if it runs still. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #ask(op: string, request: Record<string, unknown>): Promise<unknown> {
    if (this.#end !== undefined) throw this.#end;
    const id = ++this.#last;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
    });
    this.#child.stdin.write(`${JSON.stringify({ id, op, ...request })}\n`);
    return answer;
  }

  #read(line: string): void {
    const answer = answerOf(line);
    // The last line of a process that was killed may be cut.
    if (answer === undefined) return void (this.#errors += `unreadable: ${line.slice(0, 200)}\n`);
    const { id, ok, error, stream, delivery } = answer;
    if (stream !== undefined) {
      this.#handlers.get(stream)!(delivery!.map(readRecord));
      return;
    }
    const settle = this.#open.get(id!)!;
    this.#open.delete(id!);
    if (error === undefined) settle.resolve(ok);
    else settle.reject(new EngineError(error.kind, error.message));
  }
}

function answerOf(line: string): Answer | undefined {
  try {
    return JSON.parse(line) as Answer;
  } catch {
    return undefined;
  }
}
