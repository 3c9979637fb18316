import { describe, expect, it } from '@jest/globals';
import type { EventRecord } from '../../lib/contract/contract.types.js';
import { checkCursor, fingerprintOf, movedCursor } from '../../lib/streams/reader/fingerprint.js';
import type { Fingerprint } from '../../lib/cursors/cursor-store.js';
import type { CommittedBatch, LogSource } from '../../lib/streams/log-source.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { facts } from '../support/facts/facts.js';

const record: EventRecord = {
  sequence_number: 7n,
  occurred_at: '2026-01-02T03:04:05.678Z',
  event_type: 'noted',
  payload: { n: 1 },
};

/** A log of the batches 1, 2 to 4, and 5; without the facts `missing`. */
function logOf(missing: readonly bigint[] = []) {
  const store = new FactstrMemoryStore();
  for (const count of [1, 3, 1]) store.append(facts(count));
  const { log } = store;
  const remains = ({ sequence_number }: EventRecord) => !missing.includes(sequence_number);
  const source: LogSource = {
    cursorStore: log.cursorStore,
    head: () => log.head(),
    onCommit: (wake) => log.onCommit(wake),
    readBatches: async (after, limit) => {
      if (after < 0n) throw new Error('There is nothing before the beginning.');
      const batches = await log.readBatches(after, limit + missing.length);
      return batches
        .map((batch): CommittedBatch => ({
          ...batch,
          event_records: batch.event_records.filter(remains),
        }))
        .filter(({ event_records }) => event_records.length > 0);
    },
  };
  const factAt = async (position: bigint): Promise<EventRecord> =>
    (await log.readBatches(position - 1n, 1))[0]!.event_records[0]!;
  return { source, factAt };
}

/** The number of the fact that is found, or the code of the error. */
async function checked(
  source: LogSource,
  position: bigint,
  fingerprint: Fingerprint | null,
): Promise<unknown> {
  return checkCursor(source, 's', { position, fingerprint }).then(
    (found) => found?.sequence_number,
    (error: { code: string }) => error.code,
  );
}

describe('A fact’s fingerprint', () => {
  // Stored with every cursor: another value would stop all of them as those of a replaced log.
  it('is what it was in every version of this package', () => {
    expect(fingerprintOf(record)).toEqual({
      sequence_number: 7n,
      hash: '253cecdd355bf1e99431f8dd81be5b9c',
    });
  });

  it.each<[string, Partial<EventRecord>]>([
    ['time', { occurred_at: '2026-01-02T03:04:05.679Z' }],
    ['type', { event_type: 'Noted' }],
    ['payload', { payload: { n: 2 } }],
  ])('is another one with another %s', (_, change) => {
    expect(fingerprintOf({ ...record, ...change }).hash).not.toBe(fingerprintOf(record).hash);
  });

  it('of another number differs in the number only', () => {
    const { hash } = fingerprintOf(record);
    expect(fingerprintOf({ ...record, sequence_number: 8n })).toEqual({
      sequence_number: 8n,
      hash,
    });
  });
});

describe('A stored cursor', () => {
  const ahead = 'CURSOR_AHEAD_OF_LOG';
  const changed = 'CURSOR_FACT_CHANGED';

  it.each([
    { at: 0n, fitting: undefined, another: undefined },
    { at: 1n, fitting: 1n, another: changed },
    { at: 2n, fitting: 2n, another: changed },
    { at: 3n, fitting: 3n, another: changed },
    { at: 4n, fitting: 4n, another: changed },
    { at: 5n, fitting: 5n, another: changed },
    { at: 6n, fitting: ahead, another: ahead },
    { at: 7n, fitting: ahead, another: ahead },
  ])('at $at of a log of five facts is checked', async ({ at, fitting, another }) => {
    const { source, factAt } = logOf();
    const hash = at >= 1n && at <= 5n ? fingerprintOf(await factAt(at)).hash : 'none';
    expect(await checked(source, at, { sequence_number: at, hash })).toBe(fitting);
    expect(await checked(source, at, { sequence_number: at, hash: `${hash}x` })).toBe(another);
    // Where nothing is remembered of that very fact, the number only is checked.
    expect(await checked(source, at, null)).toBe(fitting);
    for (const elsewhere of [at - 1n, at + 1n]) {
      expect(await checked(source, at, { sequence_number: elsewhere, hash: 'x' })).toBe(fitting);
    }
  });

  it('finds nothing fitting where the log has a hole, whatever was remembered', async () => {
    const { source, factAt } = logOf([2n, 5n]);
    const { hash } = fingerprintOf(await factAt(3n));
    for (const fingerprint of [
      null,
      { sequence_number: 1n, hash },
      { sequence_number: 2n, hash },
    ]) {
      expect(await checked(source, 2n, fingerprint)).toBe(changed);
    }
    expect(await checked(source, 3n, { sequence_number: 3n, hash })).toBe(3n);
    expect(await checked(source, 5n, null)).toBe(ahead);
  });

  it('says what does not fit, and what to do', async () => {
    const { source } = logOf();
    const check = async (position: bigint) =>
      checkCursor(source, 's', { position, fingerprint: { sequence_number: position, hash: '' } });
    await expect(check(6n)).rejects.toThrow(
      'The cursor of durable stream "s" stands at 6, beyond the log\'s head 5: the log was restored from an older copy or replaced.',
    );
    await expect(check(5n)).rejects.toThrow(
      'Fact 5, at which the cursor of durable stream "s" stands, is not the fact that was processed:',
    );
  });
});

describe('A cursor that another engine moved', () => {
  const moved = (position: bigint, from: bigint | null) =>
    movedCursor('projection "p"', {
      position,
      fingerprint: from === null ? null : { sequence_number: from, hash: 'x' },
    });

  it('is none where it stands as it was put, or nothing is remembered', () => {
    expect(moved(3n, 3n)).toBeUndefined();
    expect(moved(3n, null)).toBeUndefined();
    expect(moved(0n, null)).toBeUndefined();
  });

  it.each([
    { from: 3n, to: 4n, skips: 'facts 4 to 4 were not handled here' },
    { from: 3n, to: 9n, skips: 'facts 4 to 9 were not handled here' },
    { from: 3n, to: 2n, skips: 'facts are handled again' },
    { from: 3n, to: 0n, skips: 'facts are handled again' },
  ])('from $from to $to is told with both numbers', ({ from, to, skips }) => {
    const error = moved(to, from);
    expect(error).toMatchObject({ code: 'CURSOR_MOVED', from, to });
    expect(error!.message).toBe(
      `The cursor of projection "p" stands at ${to}, but it was stored at ${from} here: another engine, or a statement by hand, has moved it since. It goes on after ${to}; ${skips}. ` +
        'Let one engine alone run a name; reset it if these facts belong into what it feeds.',
    );
  });
});
