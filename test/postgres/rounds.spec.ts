import { describe, expect, it } from '@jest/globals';
import { Rounds } from '../../lib/support/async/rounds.js';
import { settle } from '../support/waiting/until.js';

/** Work that ends when it is told to. */
class Work {
  readonly begun: PromiseWithResolvers[] = [];
  readonly rounds = new Rounds(() => this.#begin());
  #running = 0;
  mostAtOnce = 0;

  async #begin(): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running);
    const end = withResolvers();
    this.begun.push(end);
    try {
      await end.promise;
    } finally {
      this.#running--;
    }
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

describe('Rounds', () => {
  it('begin at once where none is under way', async () => {
    const { rounds, begun } = new Work();
    const done = rounds.run();
    await settle();
    expect(begun).toHaveLength(1);
    begun[0]!.resolve();
    await done;
  });

  it('are shared by those who ask while another one is under way, and begin after it', async () => {
    const { rounds, begun } = new Work();
    const first = rounds.run();
    await settle();
    let ended = 0;
    const later = [rounds.run(), rounds.run()].map((run) => run.then(() => ended++));
    await settle();
    expect(begun).toHaveLength(1);
    begun[0]!.resolve();
    await first;
    await settle();
    expect(begun).toHaveLength(2);
    expect(ended).toBe(0);
    begun[1]!.resolve();
    await Promise.all(later);
    expect(ended).toBe(2);
  });

  it('are one at a time, also where somebody asks just when one has ended', async () => {
    const work = new Work();
    const { rounds, begun } = work;
    const first = rounds.run();
    await settle();
    const second = rounds.run();
    // Everybody who asks at any turn of what follows.
    const asked: Promise<void>[] = [];
    const ask = first.then(async () => {
      for (let turn = 0; turn < 8; turn++) {
        asked.push(rounds.run());
        await Promise.resolve();
      }
    });
    begun[0]!.resolve();
    await ask;
    await settle();
    expect(work.mostAtOnce).toBe(1);
    for (let round = 1; round < begun.length; round++) {
      begun[round]!.resolve();
      await settle();
    }
    await Promise.all([second, ...asked]);
    expect(work.mostAtOnce).toBe(1);
  });

  it('that fail are told to those who asked for them, and the next ones run', async () => {
    const { rounds, begun } = new Work();
    const failing = rounds.run();
    await settle();
    const next = rounds.run();
    begun[0]!.reject(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    await settle();
    begun[1]!.resolve();
    await next;
  });
});
