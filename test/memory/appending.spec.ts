import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { facts } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { standStill } from '../support/waiting/clocks.js';

const RETENTION = 1_000;

let store: FactstrMemoryStore;

beforeEach(() => {
  standStill();
  store = new FactstrMemoryStore({ appendIdRetention: RETENTION });
});
afterEach(async () => {
  await store.close();
  jest.useRealTimers();
});

function append(appendId: string): number {
  return Number(store.append(facts(1), { appendId }).first_sequence_number);
}

describe('A store in memory', () => {
  it('removes two expired ids with each new one, the oldest first', () => {
    for (const id of ['d', 'a', 'c', 'b']) append(id);
    jest.advanceTimersByTime(RETENTION + 1);
    expect(append('e')).toBe(5);
    expect([append('c'), append('b')]).toEqual([3, 4]);
    expect(append('d')).toBe(6);
  });

  it('gives facts the clock’s time, wherever it stands', () => {
    const times = [0, 1, 0, Date.parse('2026-11-24T08:09:42.870Z'), 7];
    for (const time of times) {
      jest.setSystemTime(time);
      store.append(facts(2));
      store.append(facts(1));
    }
    const told = store.query({}).event_records.map(({ occurred_at }) => occurred_at);
    expect(told).toEqual(
      times.flatMap((time) => Array<string>(3).fill(new Date(time).toISOString())),
    );
  });

  it('names what is wrong with an expected version', async () => {
    const error = await errorOf(() => store.appendIf(facts(1), {}, 1 as never));
    expect(error.message).toContain('expectedContextVersion');
  });
});
