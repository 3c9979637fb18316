import { describe, expect, it } from '@jest/globals';
import { FormerLog } from '../../lib/streams/reader/former-log.js';
import type { FactMark, LogSource } from '../../lib/streams/log-source.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';

/** A log of facts of given times, as a store of a user's would show it; of which reads are counted. */
function logOf(times: readonly string[], of = 'present'): LogSource & { reads: number } {
  const facts = marks(times, of);
  const { cursorStore } = new FactstrMemoryStore().log;
  return {
    reads: 0,
    cursorStore,
    head: () => BigInt(facts.length),
    readBatches(after, limit) {
      this.reads++;
      return facts.slice(Number(after), Number(after) + limit).map((fact) => ({
        first_sequence_number: fact.sequence_number,
        last_sequence_number: fact.sequence_number,
        event_records: [{ ...fact, payload: fact.payload }],
      }));
    },
    onCommit: () => () => undefined,
  };
}

function marks(times: readonly string[], of: string): FactMark[] {
  return times.map((time, index) => ({
    sequence_number: BigInt(index + 1),
    occurred_at: `2030-01-01T00:00:${time}Z`,
    event_type: 'noted',
    payload: { of },
  }));
}

/** 8 facts, of which the first three are in both logs. */
const common = ['01', '02', '03'];
const formerFacts = marks([...common, '04', '05', '06', '07', '08'], 'former').map((fact, index) =>
  index < common.length ? { ...fact, payload: { of: 'present' } } : fact,
);
const regrown = [...common, '11', '12', '13', '14', '15', '16', '17'];

describe('Where a stream goes on in a log that took the place of another one', () => {
  it('is after the last fact that both have, whatever the times are', async () => {
    for (const slow of [regrown, [...common, '01', '01', '02', '02', '03', '03']]) {
      const log = new FormerLog(logOf(slow), formerFacts);
      expect(await log.common(formerFacts.at(-1))).toMatchObject({ number: 3n });
    }
  });

  it('is told by the times where the facts that are known do not go back so far', async () => {
    const last = formerFacts.at(-1)!;
    expect(await new FormerLog(logOf(regrown), []).common(last)).toMatchObject({ number: 3n });
    expect(await new FormerLog(logOf(regrown), formerFacts.slice(5)).common(last)).toMatchObject({
      number: 3n,
    });
    expect(await new FormerLog(logOf(common), []).common(last)).toMatchObject({ number: 3n });
    expect(await new FormerLog(logOf([]), []).common(last)).toMatchObject({ number: 0n });
    expect(await new FormerLog(logOf(['21', '22', '23']), []).common(last)).toMatchObject({
      number: 0n,
    });
  });

  it('takes the oldest fact that is gone for the time, so that a slower clock costs less', async () => {
    // The server that took over is four seconds behind.
    const behind = [...common, '05.5', '06', '07', '09'];
    const log = new FormerLog(logOf(behind), formerFacts.slice(4));
    expect(await log.common(formerFacts.at(-1))).toMatchObject({ number: 3n });
  });

  it('compares times to the nanosecond, however many digits they have', async () => {
    const last = { ...formerFacts.at(-1)!, occurred_at: '2030-01-01T00:00:08.12Z' };
    const log = logOf([...common, '08', '08.119999999', '08.12', '08.120000001', '08.5']);
    expect(await new FormerLog(log, []).common(last)).toMatchObject({ number: 6n });
  });

  it('is before what this store has appended itself', async () => {
    const last = { ...formerFacts.at(-1)!, occurred_at: '2030-01-01T00:00:20Z' };
    expect(await new FormerLog(logOf(regrown), [], 4n).common(last)).toMatchObject({ number: 3n });
    expect(await new FormerLog(logOf(regrown), formerFacts, 2n).common(last)).toMatchObject({
      number: 3n,
    });
  });

  it('leaves out what was read of the present log already', async () => {
    const present = marks(regrown, 'present').slice(8);
    expect(await new FormerLog(logOf(regrown), present).common(formerFacts.at(-1))).toMatchObject({
      number: 3n,
    });
  });

  it('leaves out what was read of the present log before, by its time', async () => {
    // A cursor stood at 8 of the former log when others were given this of the present one.
    const present = marks(regrown, 'present').slice(0, 7);
    expect(await new FormerLog(logOf(regrown), present).common(formerFacts.at(-1))).toMatchObject({
      number: 3n,
      fact: present[2],
    });
  });

  it('comes with the fact there, as it was seen', async () => {
    const last = { ...formerFacts.at(-1)!, occurred_at: '2030-01-01T00:00:13.5Z' };
    const present = marks(regrown, 'present');
    for (const [facts, below, number] of [
      // One that is known.
      [formerFacts, undefined, 3],
      // One that was found by its time.
      [[], undefined, 6],
      [formerFacts.slice(6), undefined, 3],
    ] as const) {
      const log = new FormerLog(logOf(regrown), facts, below);
      expect(await log.common(last)).toEqual({ number: BigInt(number), fact: present[number - 1] });
    }
    // Bounded by an own append nobody has looked there; at least what is known stands.
    expect(await new FormerLog(logOf(regrown), [], 6n).common(last)).toEqual({
      number: 5n,
      fact: undefined,
    });
    for (const below of [2n, 3n, 4n]) {
      expect(await new FormerLog(logOf(regrown), formerFacts, below).common(last)).toEqual({
        number: 3n,
        fact: present[2],
      });
    }
  });

  it('is a fact that is known, and comes with it, where an own append is right behind', async () => {
    const slow = [...common, '03', '03', '11'];
    const [known, last] = [formerFacts.slice(0, 3), formerFacts.at(-1)];
    expect(await new FormerLog(logOf(slow), known).common(last)).toMatchObject({ number: 5n });
    expect(await new FormerLog(logOf(slow), known, 4n).common(last)).toEqual({
      number: 3n,
      fact: marks(common, 'present')[2],
    });
  });

  it('leaves out what is known of higher numbers, whatever its time is', async () => {
    const slow = [...common, '04', '04', '05', '05', '05', '05', '05'];
    const known = marks(slow, 'present').slice(7);
    const log = new FormerLog(logOf(slow), known);
    expect(await log.common(formerFacts.at(-1))).toMatchObject({ number: 7n });
  });

  it('is the head, or before an own append, where no fact of the former log is known', async () => {
    for (const [below, number] of [
      [undefined, 10n],
      [11n, 10n],
      [10n, 9n],
      [1n, 0n],
    ] as const) {
      const log = new FormerLog(logOf(regrown), [], below);
      expect(await log.common()).toMatchObject({ number, fact: undefined });
    }
  });

  it('is the last fact that is known where all of them stand', async () => {
    const known = marks(common, 'present');
    for (const below of [undefined, 2n]) {
      expect(await new FormerLog(logOf(regrown), known, below).common()).toEqual({
        number: 3n,
        fact: known[2],
      });
    }
  });

  it('is looked for once, unless that fails, with few reads', async () => {
    const times = Array.from({ length: 59 }, (_, second) => String(second).padStart(2, '0'));
    const source = logOf(times);
    const readBatches = source.readBatches.bind(source);
    source.readBatches = () => {
      throw new Error('gone');
    };
    const fact = { ...formerFacts.at(-1)!, sequence_number: 60n };
    const log = new FormerLog(source, []);
    await expect(log.common(fact)).rejects.toThrow('gone');
    source.readBatches = readBatches;
    expect(await log.common(fact)).toMatchObject({ number: 9n });
    expect(source.reads).toBeLessThan(12);
    const { reads } = source;
    expect(await log.common()).toMatchObject({ number: 9n });
    expect(source.reads).toBe(reads);
  });
});
