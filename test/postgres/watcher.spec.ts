import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ReadyConnection } from '../../lib/stores/postgres/schema/ready-schema.js';
import { CommitWatcher } from '../../lib/stores/postgres/log/watcher.js';
import { settle } from '../support/waiting/until.js';
import { stepTime } from '../support/waiting/stepped-time.js';

const INTERVAL = 1_000;

beforeEach(() => {
  stepTime();
  jest.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  jest.restoreAllMocks();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** A server behind a pooler, which takes LISTEN away: only the head tells of what others commit. */
class Server {
  head = 0;
  moment = '';
  looks = 0;
  emitted = 0;
  broken: Error | undefined;
  readonly watcher: CommitWatcher;

  constructor() {
    const run = async (): Promise<(string | null)[][]> => {
      this.looks++;
      if (this.broken !== undefined) throw this.broken;
      return [[String(this.head), this.moment === '' ? null : this.moment]];
    };
    const ready = { schema: 'public', database: { ownsSessions: false }, run };
    const connection = { ready: async () => ready, options: { pollInterval: INTERVAL } };
    this.watcher = new CommitWatcher(
      connection as unknown as ReadyConnection,
      () => void this.emitted++,
    );
  }

  /** What streams were told of while that time passed. */
  async passes(milliseconds: number): Promise<number> {
    const before = this.emitted;
    jest.advanceTimersByTime(milliseconds);
    await settle();
    return this.emitted - before;
  }

  set(head: number, moment: string): void {
    this.head = head;
    this.moment = moment;
  }
}

describe('The watch for commits', () => {
  it('looks at once, and at every interval, for as long as it goes on', async () => {
    const server = new Server();
    const end = server.watcher.watch();
    await settle();
    expect([server.looks, server.emitted]).toEqual([1, 1]);
    for (let round = 1; round <= 5; round++) {
      expect(await server.passes(INTERVAL - 1)).toBe(0);
      server.set(round, `moment ${round}`);
      expect(await server.passes(1)).toBe(1);
      // Nothing new.
      expect(await server.passes(INTERVAL)).toBe(0);
      expect(server.looks).toBe(1 + 2 * round);
    }
    end();
    server.set(9, 'moment 9');
    expect(await server.passes(5 * INTERVAL)).toBe(0);
    expect(server.looks).toBe(11);
  });

  it('tells of a log that was restored each time, also of one that is as long', async () => {
    const server = new Server();
    server.set(8, 'a');
    const end = server.watcher.watch();
    await settle();
    for (const [head, moment] of [
      [3, 'b'],
      [8, 'c'],
      [8, 'd'],
      [2, 'e'],
      [0, ''],
      [2, 'e'],
    ] as const) {
      server.set(head, moment);
      expect([moment, await server.passes(INTERVAL)]).toEqual([moment, 1]);
    }
    end();
  });

  it('needs no look for what the store has committed, above the head that it knows', async () => {
    const server = new Server();
    const end = server.watcher.watch();
    await settle();
    server.set(3, 'c');
    // Answers may come out of order.
    server.watcher.committed(3n, 'c');
    server.watcher.committed(2n, 'b');
    server.watcher.committed(3n, 'x');
    expect(await server.passes(INTERVAL)).toBe(0);
    // Somebody else's, behind it.
    server.set(4, 'd');
    expect(await server.passes(INTERVAL)).toBe(1);
    end();
  });

  it('goes on after a look that failed, however many of them do', async () => {
    const server = new Server();
    const end = server.watcher.watch();
    await settle();
    server.broken = new Error('gone');
    for (let attempt = 0; attempt < 8; attempt++) expect(await server.passes(INTERVAL)).toBe(0);
    expect(server.looks).toBeGreaterThan(8);
    server.broken = undefined;
    // Whatever was missed meanwhile is found.
    expect(await server.passes(INTERVAL)).toBeGreaterThan(0);
    server.set(1, 'a');
    expect(await server.passes(INTERVAL)).toBe(1);
    end();
    await settle();
  });

  it('begins anew after it has ended, until it has for good', async () => {
    const server = new Server();
    for (let round = 1; round <= 2; round++) {
      const end = server.watcher.watch();
      await settle();
      expect(server.emitted).toBe(round);
      end();
      await settle();
    }
    server.watcher.watch();
    await settle();
    await server.watcher.end();
    expect(jest.getTimerCount()).toBe(0);
    const { looks } = server;
    server.watcher.watch()();
    expect(await server.passes(INTERVAL)).toBe(0);
    expect(server.looks).toBe(looks);
  });

  it('answers where the head is', async () => {
    const server = new Server();
    expect(await server.watcher.head()).toBe(0n);
    server.set(5, 'e');
    expect(await server.watcher.head()).toBe(5n);
  });
});
