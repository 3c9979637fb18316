import { describe, expect, it } from '@jest/globals';
import type { CommittedBatch } from '../../lib/streams/log-source.js';
import { LogReader, TRUSTED } from '../../lib/streams/reader/log-reader.js';
import { facts } from '../support/facts/facts.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle, until } from '../support/waiting/until.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { SlowLog } from '../support/streams/slow-log.js';

function open(): { store: FactstrMemoryStore; log: SlowLog; reader: LogReader } {
  const store = new FactstrMemoryStore();
  const log = new SlowLog(store.log);
  const reader = new LogReader(log);
  reader.enter();
  return { store, log, reader };
}

async function readAfter(reader: LogReader, position: bigint): Promise<readonly CommittedBatch[]> {
  return (await reader.readAfter({ position, fact: undefined })).batches;
}

const ranges = (batches: readonly CommittedBatch[]): number[][] =>
  batches.map((batch) => [Number(batch.first_sequence_number), Number(batch.last_sequence_number)]);

describe('the reader that streams share', () => {
  it('reads once for all who stand at the same place', async () => {
    const { store, log, reader } = open();
    store.append(facts(2));
    const [one, two] = await Promise.all([readAfter(reader, 0n), readAfter(reader, 0n)]);
    expect(two[0]).toBe(one[0]);
    expect(ranges(one)).toEqual([[1, 2]]);
    expect(log.reads).toBe(1);
    // Whoever comes later is served from memory, with the same records.
    expect((await readAfter(reader, 0n))[0]).toBe(one[0]);
    expect(log.reads).toBe(1);
    reader.leave();
  });

  it('does not let a stream join a read that began before the commit which woke it', async () => {
    const { store, log, reader } = open();
    const gate = new Gate();
    log.gates.push(gate);
    // One stream finds the log empty, and its answer is still on the way …
    const early = readAfter(reader, 0n);
    store.append(facts(1));
    await settle();
    // … when another, woken by the commit, looks for it.
    const seen = reader.commits;
    expect(ranges(await readAfter(reader, 0n))).toEqual([[1, 1]]);
    gate.open();
    await early;
    expect(seen).toBe(reader.commits);
    reader.leave();
  });

  it('gives the same records to reads that overlap', async () => {
    const { store, log, reader } = open();
    store.append(facts(1));
    const gate = new Gate();
    log.gates.push(gate);
    const early = readAfter(reader, 0n);
    store.append(facts(1));
    await settle();
    const [late] = await readAfter(reader, 0n);
    gate.open();
    expect((await early)[0]).toBe(late);
    expect(log.reads).toBe(2);
    reader.leave();
  });

  it('wakes whoever waited, also when the commit came before the wait', async () => {
    const { store, reader } = open();
    const never = new AbortController();
    const seen = reader.commits;
    store.append(facts(1));
    await settle();
    await reader.commitSince(seen, never.signal);
    const waiting = reader.commitSince(reader.commits, never.signal);
    store.append(facts(1));
    await waiting;
    reader.leave();
  });

  it('keeps a bounded number of the newest batches, and none without streams', async () => {
    const { store, log, reader } = open();
    let position = 0n;
    for (let n = 0; n < 30; n++) {
      store.append(facts(100));
      position = (await readAfter(reader, position)).at(-1)!.last_sequence_number;
    }
    expect(position).toBe(3_000n);
    const reads = log.reads;
    expect(ranges(await readAfter(reader, 2_900n))).toEqual([[2_901, 3_000]]);
    expect(log.reads).toBe(reads);
    // Far behind: a page of its own, which nobody keeps.
    expect(ranges(await readAfter(reader, 0n))).toHaveLength(5);
    expect(ranges(await readAfter(reader, 0n))).toHaveLength(5);
    expect(log.reads).toBe(reads + 2);
    reader.leave();
    reader.enter();
    await readAfter(reader, 2_900n);
    expect(log.reads).toBe(reads + 3);
    reader.leave();
  });

  it('looks once where nothing is, for all who come there before the next wake-up', async () => {
    const { store, log, reader } = open();
    store.append(facts(1));
    await settle();
    expect(ranges(await readAfter(reader, 0n))).toEqual([[1, 1]]);
    for (let n = 0; n < 5; n++) expect(await readAfter(reader, 1n)).toEqual([]);
    expect(log.reads).toBe(2);
    store.append(facts(1));
    await settle();
    expect(ranges(await readAfter(reader, 1n))).toEqual([[2, 2]]);
    expect(log.reads).toBe(3);
    reader.leave();
  });

  it('looks again for a stream that begins: it may know of a commit that woke nobody yet', async () => {
    const { store, log, reader } = open();
    const gate = new Gate();
    log.gates.push(gate);
    const early = readAfter(reader, 0n);
    store.append(facts(1));
    // Whoever begins now looked up the head before, and waits for no wake-up to get there.
    reader.enter();
    expect(ranges(await readAfter(reader, 0n))).toEqual([[1, 1]]);
    gate.open();
    await early;
    reader.leave();
    reader.leave();
  });

  it('tries again after a read that failed', async () => {
    const { store, log, reader } = open();
    store.append(facts(1));
    log.broken = new Error('gone');
    await expect(readAfter(reader, 0n)).rejects.toBe(log.broken);
    log.broken = undefined;
    expect(ranges(await readAfter(reader, 0n))).toEqual([[1, 1]]);
    reader.leave();
  });

  it('serves what it keeps only where the log still has it', async () => {
    for (const isNew of [true, false]) {
      const { store, log, reader } = open();
      store.append(facts(3, 'former'));
      const typesAfter = async (position: bigint) =>
        (await readAfter(reader, position)).flatMap(({ event_records }) =>
          event_records.map(({ event_type }) => event_type),
        );
      expect(await typesAfter(0n)).toEqual(['former', 'former', 'former']);
      const other = new FactstrMemoryStore();
      other.append(facts(2, 'present'));
      log.present = other.log;
      // At once for a stream that begins, soon for the others.
      if (isNew) reader.enter();
      const began = performance.now();
      await until(
        () => isNew || performance.now() - began > TRUSTED,
        () => 'what is kept to be old',
      );
      expect(await typesAfter(0n)).toEqual(['present', 'present']);
      reader.leave();
    }
  });

  it('takes nothing from the end of a log for a continuation of another one', async () => {
    const { store, log, reader } = open();
    store.append(facts(3, 'former'));
    const page = await reader.readAfter({ position: 0n, fact: undefined });
    const fact = page.batches.at(-1)!.event_records.at(-1)!;
    const other = new FactstrMemoryStore();
    for (let n = 0; n < 5; n++) other.append(facts(1, 'present'));
    log.present = other.log;
    const standing = { position: 3n, fact, log: page.log };
    const { at } = await reader.readAfter(standing);
    expect(at).toMatchObject({ sequence_number: 3n, event_type: 'present' });
    expect(await reader.resume(standing)).toMatchObject({ position: 0n, log: page.log + 1 });
    // What the two logs have in common is known to later streams, too.
    const slow = { ...standing, position: 2n };
    expect(await reader.resume(slow)).toMatchObject({ position: 0n, log: page.log + 1 });
    reader.leave();
  });
});
