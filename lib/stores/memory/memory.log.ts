import type { AppendResult, EventRecord } from '../../contract/contract.types.js';
import type { PreparedFact } from '../../contract/validation.js';
import type { CommitSignal } from '../../streams/commit-signal.js';
import { deepFreeze } from '../../streams/deep-freeze.js';
import type {
  CommittedBatch,
  CursorStore,
  Fingerprint,
  LogSource,
  StoredCursor,
} from '../../streams/log-source.js';

let logs = 0;

/** The facts, the batches' beginnings and the cursors of one memory store. */
export class MemoryLog implements LogSource {
  readonly cursors: CursorStore = new MemoryCursors(`memory:${++logs}`);
  readonly #commits: CommitSignal;
  /** Fact n stands at index n - 1; frozen, as streams share it. */
  readonly #facts: EventRecord[] = [];
  /** Each fact's payload text, from which callers get copies of their own. */
  readonly #texts: string[] = [];
  /** The last number of each fact's batch. */
  readonly #batchEnds: number[] = [];

  constructor(commits: CommitSignal) {
    this.#commits = commits;
  }

  append(facts: readonly PreparedFact[]): AppendResult {
    const occurred_at = new Date().toISOString();
    const first = this.#facts.length + 1;
    const last = this.#facts.length + facts.length;
    for (const { event_type, payload, payload_text } of facts) {
      const sequence_number = BigInt(this.#facts.length + 1);
      this.#facts.push(deepFreeze({ sequence_number, occurred_at, event_type, payload }));
      this.#texts.push(payload_text);
      this.#batchEnds.push(last);
    }
    return {
      first_sequence_number: BigInt(first),
      last_sequence_number: BigInt(last),
      committed_count: BigInt(facts.length),
    };
  }

  *after(position: bigint): Iterable<EventRecord> {
    for (let index = indexAfter(position); index < this.#facts.length; index++) {
      yield this.#facts[index]!;
    }
  }

  *newestFirst(): Iterable<EventRecord> {
    for (let index = this.#facts.length - 1; index >= 0; index--) yield this.#facts[index]!;
  }

  /** A record that belongs to the caller. */
  copy(fact: EventRecord): EventRecord {
    return { ...fact, payload: JSON.parse(this.#texts[indexAfter(fact.sequence_number) - 1]!) };
  }

  head(): bigint {
    return BigInt(this.#facts.length);
  }

  readBatches(after: bigint, limit: number): CommittedBatch[] {
    const batches: CommittedBatch[] = [];
    const begin = indexAfter(after);
    for (let index = begin; index < this.#facts.length;) {
      const end = this.#batchEnds[index]!;
      if (index > begin && end - begin > limit) break;
      batches.push({
        first_sequence_number: BigInt(index + 1),
        last_sequence_number: BigInt(end),
        event_records: this.#facts.slice(index, end),
      });
      index = end;
    }
    return batches;
  }

  onCommit(wake: (first?: bigint) => void): () => void {
    return this.#commits.on(wake);
  }
}

/** Numbers beyond the log, up to 2^63 - 1, are beyond every index. */
function indexAfter(position: bigint): number {
  return Number(position);
}

class MemoryCursors implements CursorStore {
  readonly #identity: string;
  readonly #cursors = new Map<string, StoredCursor>();

  constructor(identity: string) {
    this.#identity = identity;
  }

  identity(): string {
    return this.#identity;
  }

  open(name: string, query_text: string): StoredCursor {
    const cursor = this.#cursors.get(name) ?? { position: 0n, query_text, fingerprint: null };
    this.#cursors.set(name, cursor);
    return cursor;
  }

  advance(name: string, fingerprint: Fingerprint): void {
    const { query_text } = this.#cursors.get(name)!;
    this.#cursors.set(name, { position: fingerprint.sequence_number, query_text, fingerprint });
  }
}
