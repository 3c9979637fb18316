import { describe, expect, it } from '@jest/globals';
import { IndeterminateAppendError, StoreClosedError } from '../../lib/contract/errors.js';
import { containing, fact, facts, headOf, ofTypes, upTo } from '../support/facts/facts.js';
import { Gate, Inbox } from '../support/inbox/inbox.js';
import { settle, until } from '../support/waiting/until.js';
import { Held } from '../support/postgres/wire.js';
import { testWires } from '../support/postgres/wired.js';

const create = testWires();
/** So that only a notification can have woken a stream. */
const NO_POLL = { pollInterval: 600_000 };

function isAppend(text: string): boolean {
  return /nestjs_factstr_append_/.test(text);
}

/** A stream's, at where the log ends. */
function isLook(text: string): boolean {
  return /^SELECT sequence_number.*DESC LIMIT 1$/s.test(text);
}

/** What keeps count of promises that settle. */
function settled(...promises: Promise<unknown>[]): () => number {
  let count = 0;
  for (const promise of promises) {
    promise.then(
      () => count++,
      () => count++,
    );
  }
  return () => count;
}

describe('While an append that has committed waits for its answer', () => {
  it('those that come wait, keep their order, and are judged by it', async () => {
    const { wire, store: open, rows } = await create();
    const store = open();
    await store.append(facts(1));
    const seats = containing({ seat: 1 });
    expect((await store.query(seats)).current_context_version).toBeNull();
    const held = wire.holdNext(isAppend);
    const first = store.append([fact('claimed', { seat: 1 })]);
    await held.answered;
    const others = [
      store.appendIf([fact('claimed', { seat: 1 })], seats, null),
      store.append([fact('noted')]),
      store.appendIf([fact('claimed', { seat: 1 })], seats, 2n),
      store.append([fact('noted')]),
    ] as const;
    const count = settled(first, ...others);
    const [row] = await rows<{ count: string }>('SELECT count(*) FROM events');
    expect(row!.count).toBe('2');
    await settle();
    expect(count()).toBe(0);
    held.release();
    expect(await first).toMatchObject({ first_sequence_number: 2n });
    expect(await others[0]).toMatchObject({ conflict: { actual_context_version: 2n } });
    expect(await others[1]).toMatchObject({ first_sequence_number: 3n });
    expect(await others[2]).toMatchObject({ append_result: { first_sequence_number: 4n } });
    expect(await others[3]).toMatchObject({ first_sequence_number: 5n });
  });

  it('those that come go on when its connection is lost, and are judged by it', async () => {
    const { wire, store: open } = await create();
    const store = open();
    await store.append(facts(1));
    const seats = containing({ seat: 1 });
    await store.query(seats);
    const held = wire.holdNext(isAppend);
    const first = store.append([fact('claimed', { seat: 1 })]).catch((error: unknown) => error);
    await held.answered;
    const other = store.appendIf([fact('claimed', { seat: 1 })], seats, null);
    held.release('unanswered');
    expect(await first).toBeInstanceOf(IndeterminateAppendError);
    expect(await other).toMatchObject({ conflict: { actual_context_version: 2n } });
  });

  it('queries see it, and what they say can be decided on', async () => {
    const { wire, store: open } = await create();
    const store = open();
    await store.append(facts(1));
    const held = wire.holdNext(isAppend);
    const first = store.append([fact('claimed', { seat: 1 })]);
    await held.answered;
    const seats = containing({ seat: 1 });
    const { current_context_version, event_records } = await store.query(seats);
    expect(current_context_version).toBe(2n);
    expect(event_records).toHaveLength(1);
    const stale = store.appendIf([fact('claimed', { seat: 1 })], seats, null);
    const fresh = store.appendIf([fact('claimed', { seat: 1 })], seats, current_context_version);
    held.release();
    await first;
    expect((await stale).conflict?.actual_context_version).toBe(2n);
    expect((await fresh).append_result?.first_sequence_number).toBe(3n);
    expect((await store.query(seats)).current_context_version).toBe(3n);
    expect(await headOf(store)).toBe(3n);
  });

  it('a live stream that was begun before it has it, though it looked at the log after it', async () => {
    const { wire, store: open } = await create();
    const store = open(NO_POLL);
    await store.append(facts(1));
    const looks = new Gate();
    const held = new Held();
    wire.fate = ({ text }) => {
      if (isAppend(text)) return held;
      return isLook(text) ? looks.passed : undefined;
    };
    const inbox = new Inbox();
    const { started } = store.streamAll(inbox.handle);
    const count = settled(started!);
    const own = store.append(facts(1));
    await held.answered;
    looks.open();
    await until(
      () => wire.requests.some(({ text }) => isLook(text)),
      () => 'the stream to look at the log',
    );
    await settle();
    expect(count()).toBe(0);
    wire.pass();
    held.release();
    await own;
    await store.append(facts(1));
    await inbox.reaches(3);
    expect(inbox.flat).toEqual([2, 3]);
  });

  it.each(['answered', 'unanswered'] as const)(
    'close waits for it and for those behind it, also where it stays %s',
    async (answer) => {
      const { wire, store: open, rows } = await create();
      const store = open();
      await store.append(facts(1));
      const held = wire.holdNext(isAppend);
      const first = store.append(facts(1));
      await held.answered;
      const second = store.append(facts(2));
      const outcomes = Promise.allSettled([first, second]);
      const closed = store.close();
      const count = settled(closed);
      await expect(store.append(facts(1))).rejects.toThrow(StoreClosedError);
      await settle();
      expect(count()).toBe(0);
      held.release(answer === 'answered' ? undefined : answer);
      await closed;
      const [one, two] = await outcomes;
      if (answer === 'answered') expect(one.status).toBe('fulfilled');
      else expect(one).toMatchObject({ reason: expect.any(IndeterminateAppendError) });
      expect(two).toMatchObject({ value: { first_sequence_number: 3n, committed_count: 2n } });
      const [row] = await rows<{ count: string }>('SELECT count(*) FROM events');
      expect(row!.count).toBe('4');
    },
  );
});

describe('A notification', () => {
  it('that comes before the answer to an append is no reason to deliver it twice, or out of order', async () => {
    const { database, wire, store: open } = await create();
    const store = open(NO_POLL);
    const other = database.store();
    const inbox = new Inbox();
    await store.streamAll(inbox.handle).started;
    await store.append(facts(1));
    await inbox.reaches(1);
    const held = wire.holdNext(isAppend);
    const first = store.append(facts(1));
    await held.answered;
    // Its notification wakes the stream, which finds both.
    await other.append(facts(1));
    await inbox.reaches(3);
    held.release();
    await first;
    await store.append(facts(1));
    await inbox.reaches(4);
    expect(inbox.flat).toEqual(upTo(4));
  });

  it.each([2, 7])('that comes %d times delivers each fact once', async (times) => {
    const { database, wire, store: open } = await create();
    wire.notified = () => ({ times });
    const store = open(NO_POLL);
    const writer = database.store();
    const inbox = new Inbox();
    await store.streamAll(inbox.handle).started;
    for (let last = 1; last <= 5; last++) {
      await writer.append(facts(1));
      await inbox.reaches(last);
    }
    expect(inbox.flat).toEqual(upTo(5));
  });

  it('that is late finds what was delivered by then, and nothing is delivered again', async () => {
    const { database, wire, store: open } = await create();
    const { promise: when, resolve: arrive } = Promise.withResolvers<void>();
    let heard = 0;
    wire.notified = () => {
      heard++;
      return { times: 1, when };
    };
    const store = open(NO_POLL);
    const writer = database.store();
    const inbox = new Inbox();
    await store.streamAll(inbox.handle).started;
    await writer.append(facts(1));
    await until(
      () => heard > 0,
      () => 'the notification',
    );
    // An own append delivers the other's too.
    await store.append(facts(1));
    await inbox.reaches(2);
    arrive();
    await writer.append(facts(1));
    await inbox.reaches(3);
    expect(inbox.flat).toEqual(upTo(3));
  });

  it.each([
    ['never comes', false],
    ['cannot come, as sessions are shared,', true],
  ])('that %s is made up for by each poll, again and again', async (_name, dropsOptions) => {
    const { database, wire, store: open } = await create({ dropsOptions });
    wire.notified = () => ({ times: 0 });
    const store = open({ pollInterval: 10 });
    const writer = database.store();
    const inbox = new Inbox();
    await store.streamTo(ofTypes('noted'), inbox.handle).started;
    for (let last = 1; last <= 4; last++) {
      await writer.append(facts(1));
      await inbox.reaches(last);
    }
    expect(inbox.flat).toEqual(upTo(4));
    // All on one connection.
    const listening = wire.requests.filter(({ text }) => text.startsWith('LISTEN'));
    expect(listening).toHaveLength(dropsOptions ? 0 : 1);
  });
});
