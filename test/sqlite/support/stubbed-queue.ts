import type { AppendIfResult } from '../../../lib/contract/contract.types.js';
import { SqliteAppendQueue } from '../../../lib/stores/sqlite/append/append-queue.js';
import { BusyRetry } from '../../../lib/stores/sqlite/connection/busy.js';
import type { AppendRequest } from '../../../lib/contract/append-request.js';
import type { GroupResult } from '../../../lib/stores/sqlite/append/appender.js';
export const TIMEOUT = 200;
export const BUSY = Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' });
export const FULL = Object.assign(new Error('full'), { code: 'SQLITE_FULL' });

export type Commit = (requests: readonly AppendRequest[]) => GroupResult;

/** A queue whose groups are answered by the test, and the names of their members. */
export class StubbedQueue {
  readonly groups: string[][] = [];
  readonly queue: SqliteAppendQueue;
  answer: (names: readonly string[]) => GroupResult = committed;

  constructor(limit = 10_000, timeout = TIMEOUT) {
    const commit: Commit = (requests) => {
      const names = requests.map(({ appendId }) => appendId!.id);
      this.groups.push(names);
      return this.answer(names);
    };
    this.queue = new SqliteAppendQueue(commit, new BusyRetry('facts.sqlite', timeout), limit);
  }

  /** Resolves with the append's name, as its verdict says, or with the error's. */
  async append(name: string): Promise<string> {
    const request: AppendRequest = {
      facts: [],
      condition: null,
      appendId: { id: name, facts_hash: '', command_hash: null, permanent: false },
      metadata: null,
    };
    try {
      return nameOf(await this.queue.append(request));
    } catch (error) {
      return (error as Error).name;
    }
  }

  appendAll(...names: string[]): Promise<string[]> {
    return Promise.all(names.map((name) => this.append(name)));
  }

  get sizes(): number[] {
    return this.groups.map((group) => group.length);
  }
}

export function committed(names: readonly string[]): GroupResult {
  return { outcomes: names.map((name) => ({ verdict: verdictOf(name) })) };
}

/** As text where the verdict's version would stand. */
export function verdictOf(name: string): AppendIfResult {
  const version = name as unknown as bigint;
  return {
    append_result: null,
    conflict: { expected_context_version: version, actual_context_version: null },
  };
}

export function nameOf({ conflict }: AppendIfResult): string {
  return String(conflict!.expected_context_version);
}

export function named(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${n}`);
}
