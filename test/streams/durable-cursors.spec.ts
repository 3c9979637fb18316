import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EVERY_FACT, prepareQuery } from '../../lib/contract/validation.js';
import { resolveLimits } from '../../lib/contract/limits.js';
import { queryText } from '../../lib/matching/query-text.js';
import { fingerprintOf } from '../../lib/streams/reader/fingerprint.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { facts, ofTypes, upTo } from '../support/facts/facts.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';
import { DurableStreams, TTL } from './support/durable.js';
import { stranger } from '../support/streams/owners.js';
import { pass, stepTime } from '../support/waiting/stepped-time.js';

const gone = new Error('the database is gone');
const ofType = (type: string) => prepareQuery(ofTypes(type), resolveLimits());

const created: DurableStreams[] = [];
beforeEach(stepTime);
afterEach(async () => {
  for (const streams of created.splice(0)) await streams.end();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

function streamsOf(head: number): DurableStreams {
  const streams = new DurableStreams(head);
  created.push(streams);
  return streams;
}

/** A log of five facts, and the name `s` at a position with what was remembered of `fingerprintAt`. */
async function cursorAt(position: bigint, fingerprintAt: bigint | null, hash?: string) {
  const streams = streamsOf(5);
  await streams.stored.open('s', queryText(EVERY_FACT), position);
  if (fingerprintAt === null) return streams;
  const { log } = streams.store;
  const [batch] = fingerprintAt > 0n ? await log.readBatches(fingerprintAt - 1n, 1) : [];
  const found = batch && fingerprintOf(batch.event_records[0]!).hash;
  const fingerprint = { sequence_number: fingerprintAt, hash: hash ?? found ?? 'beyond' };
  const epoch = await streams.stored.claim('s', (await streams.stored.find('s'))!, owner, TTL);
  expect(await streams.stored.advance('s', epoch!, fingerprint)).toBe(true);
  await streams.stored.release('s', epoch!);
  return streams;
}
const owner = stranger('former');

describe('A durable stream over a log of five facts', () => {
  it.each([
    [0n, [1, 2, 3, 4, 5]],
    [1n, [2, 3, 4, 5]],
    [4n, [5]],
    [5n, []],
  ])('whose cursor stands at %d goes on after it', async (position, delivered) => {
    for (const remembered of [null, position]) {
      if (position === 0n && remembered !== null) continue;
      const streams = await cursorAt(position, remembered);
      expect((await streams.registered()).outcome).toBe('running');
      expect(streams.delivered.flat()).toEqual(delivered);
      expect(streams.reported).toEqual([]);
      expect((await streams.stored.find('s'))!.position).toBe(5n);
      streams.append(1);
      await settle();
      expect(streams.delivered.flat()).toEqual([...delivered, 6]);
    }
  });

  it.each([
    ['one beyond the head', 6n, undefined, 'CURSOR_AHEAD_OF_LOG'],
    ['far beyond the head', 2n ** 60n, undefined, 'CURSOR_AHEAD_OF_LOG'],
    ['at another first fact', 1n, 'another', 'CURSOR_FACT_CHANGED'],
    ['at another last fact', 5n, 'another', 'CURSOR_FACT_CHANGED'],
  ])('whose cursor stands %s is refused, and leaves it alone', async (_, at, hash, code) => {
    const streams = await cursorAt(0n, at, hash);
    const before = (await streams.stored.find('s'))!;
    expect((await streams.registered()).outcome).toBe(code);
    expect(streams.delivered).toEqual([]);
    expect(await streams.stored.find('s')).toEqual({ ...before, epoch: before.epoch + 1n });
  });

  it('is refused with another query, before it asks for the name and under the lease', async () => {
    const streams = streamsOf(5);
    await streams.stored.open('s', queryText(EVERY_FACT), 0n);
    expect((await streams.registered(undefined, ofType('x'))).outcome).toBe(
      'DURABLE_STREAM_QUERY_CHANGED',
    );
    expect(streams.stepped.countOf('claim')).toBe(0);
    const open = streams.stepped.hold('open');
    const registration = streams.register();
    await open.write();
    await streams.stored.intervene('s', {
      verb: 'reset',
      by: null,
      position: 0n,
      queryText: queryText(ofType('x')),
    });
    await open.answer();
    await settle();
    expect(registration.outcome).toBe('DURABLE_STREAM_QUERY_CHANGED');
    expect(await streams.stored.find('s')).toMatchObject({ owner: null, position: 0n });
  });
});

describe('A durable stream whose cursor another engine moved', () => {
  /** From 2 to 4: facts 3 and 4 were not handled here. */
  async function movedStreams(): Promise<DurableStreams> {
    const streams = await cursorAt(0n, 2n);
    const find = streams.stored.find.bind(streams.stored);
    const cursorStore = streams.stepped.present;
    let moved: bigint | undefined = 4n;
    streams.stepped.present = new Proxy(cursorStore, {
      get: (target, name: keyof typeof cursorStore) => {
        if (name === 'find') {
          return async (wanted: string) => {
            const stored = (await find(wanted))!;
            return moved === undefined ? stored : { ...stored, position: moved };
          };
        }
        return (...values: never[]): unknown => {
          if (name === 'advance') moved = undefined;
          return Reflect.apply(target[name]!, target, values);
        };
      },
    });
    return streams;
  }

  it('says so once, remembers the fact there, and goes on behind it', async () => {
    const streams = await movedStreams();
    expect((await streams.registered()).outcome).toBe('running');
    expect(streams.reported).toEqual(['CURSOR_MOVED']);
    expect(streams.delivered).toEqual([[5]]);
    expect(streams.stepped.countOf('advance')).toBe(2);
    await streams.end();
    expect((await streams.registered()).outcome).toBe('running');
    expect(streams.reported).toEqual(['CURSOR_MOVED']);
  });

  it('rejects when that cannot be stored, as a registration does', async () => {
    const streams = await movedStreams();
    streams.stepped.broken.set('advance', gone);
    expect((await streams.registered()).outcome).toBe(gone.message);
    expect(streams.delivered).toEqual([]);
    expect((await streams.stored.find('s'))!.owner).toBeNull();
  });
});

describe('A durable stream that is being registered', () => {
  it('is so when the cursor is stored at the head of its beginning, not before', async () => {
    const streams = streamsOf(3);
    for (let n = 0; n < 2; n++) void streams.stepped.hold('advance').answer();
    const last = streams.stepped.hold('advance');
    const registration = streams.register();
    await last.write();
    await settle();
    expect(registration.outcome).toBeUndefined();
    await last.answer();
    await settle();
    expect(registration.outcome).toBe('running');
  });

  it('is not so before the last fact is stored, also where that does not match', async () => {
    const streams = streamsOf(0);
    streams.store.append(facts(1, 'wanted'));
    streams.append(1);
    void streams.stepped.hold('advance').answer();
    const last = streams.stepped.hold('advance');
    const registration = streams.register(undefined, ofType('wanted'));
    await last.write();
    await settle();
    expect(registration.outcome).toBeUndefined();
    await last.answer();
    await settle();
    expect(registration.outcome).toBe('running');
  });

  it('does not wait for what is appended meanwhile, which is delivered as well', async () => {
    const streams = streamsOf(3);
    const gates = [new Gate(), new Gate()];
    const registration = streams.register(([number]) =>
      number === 3 ? gates[0]!.passed : number === 4 ? gates[1]!.passed : undefined,
    );
    await settle();
    streams.append(2);
    gates[0]!.open();
    await settle();
    expect(registration.outcome).toBe('running');
    expect(streams.delivered.at(-1)).toEqual([4]);
    gates[1]!.open();
    await settle();
    expect(streams.delivered).toEqual([[1], [2], [3], [4], [5]]);
  });

  it('stores what does not match with the page, and with its head', async () => {
    const streams = streamsOf(5);
    streams.store.append(facts(1, 'wanted'));
    streams.append(3);
    expect((await streams.registered(undefined, ofType('wanted'))).outcome).toBe('running');
    expect(streams.delivered).toEqual([[6]]);
    expect(streams.stepped.countOf('advance')).toBe(2);
    expect((await streams.stored.find('s'))!.position).toBe(9n);
    streams.append(4);
    await settle();
    // What was appended together, and does not match, costs one write.
    expect(streams.stepped.countOf('advance')).toBe(3);
    expect((await streams.stored.find('s'))!.position).toBe(13n);
    expect(streams.delivered).toEqual([[6]]);
  });

  it('that fails on a fact stores what was passed before it, also what did not match', async () => {
    const streams = streamsOf(2);
    streams.store.append(facts(2, 'wanted'));
    expect((await streams.registered(() => false, ofType('wanted'))).outcome).toBe(
      'STREAM_HANDLER_FAILED',
    );
    expect(await streams.stored.find('s')).toMatchObject({ position: 2n, owner: null });
    expect(streams.delivered).toEqual([[3, 4]]);
  });

  it('rejects when the log cannot be read; one that is live says so once and reads again', async () => {
    const streams = streamsOf(3);
    streams.log.broken = gone;
    expect((await streams.registered()).outcome).toBe(gone.message);
    expect((await streams.stored.find('s'))!.owner).toBeNull();
    streams.log.broken = undefined;
    expect((await streams.registered()).outcome).toBe('running');
    streams.log.broken = gone;
    streams.append(1);
    await pass(250);
    expect(streams.reported).toEqual([gone.message]);
    streams.log.broken = undefined;
    await pass(1_000);
    expect(streams.delivered.flat()).toEqual(upTo(4));
    expect(streams.reported).toEqual([gone.message]);
  });

  it.each([
    [2, 'CURSOR_AHEAD_OF_LOG'],
    [5, 'CURSOR_FACT_CHANGED'],
  ])('and is live ends when a log of %d facts takes the place of its own', async (head, code) => {
    const streams = streamsOf(3);
    const registration = await streams.registered();
    const other = new FactstrMemoryStore();
    for (let n = 0; n < head; n++) other.append(facts(1, 'another'));
    streams.log.present = other.log;
    // Woken by the store that it knows.
    streams.append(1);
    await settle();
    expect(streams.reported).toEqual([code]);
    expect(registration.ended).toBe(true);
    expect(streams.delivered.flat()).toEqual([1, 2, 3]);
    expect((await streams.stored.find('s'))!.owner).toBeNull();
  });
});
