import { describe, expect, it } from '@jest/globals';
import { DatabaseUnavailableError } from '../../lib/contract/errors.js';
import { facts } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { atEachCut, testWires } from '../support/postgres/wired.js';

const create = testWires();

/** Only notifications, and the look at each connection, tell of what others append. */
const NO_POLL = { pollInterval: 600_000 };

describe('A stream that hears of others’ appends', () => {
  it('misses no fact and delivers none twice wherever its connection is cut', async () => {
    const { database, wire, store: open } = await create();
    const writer = database.store();
    await writer.append(facts(1));
    let head = 1;
    const cutAt: string[] = [];
    const steps = await atEachCut(
      wire,
      isOfStreams,
      async (step, cut) => {
        const store = open(NO_POLL);
        const inbox = new Inbox();
        const before = wire.requests.length;
        await store.streamAll(inbox.handle).started;
        const first = head + 1;
        for (let n = 0; n < 2; n++) {
          await writer.append(facts(1));
          await inbox.reaches(++head);
        }
        expect([step, cut, inbox.flat]).toEqual([step, cut, [first, head]]);
        await store.close();
        const asked = wire.requests.slice(before).filter(({ text }) => isOfStreams(text));
        cutAt.push(asked[step]?.text ?? '');
      },
      ['before', 'unanswered', 'half'],
    );
    for (const error of database.reported.splice(0)) {
      expect(error).toBeInstanceOf(DatabaseUnavailableError);
    }
    expect(steps).toBeGreaterThan(3);
    // And the look at the head.
    for (const text of ['LISTEN', 'coalesce(max(sequence_number), 0)']) {
      expect(cutAt.some((cut) => cut.includes(text))).toBe(true);
    }
  });
});

/** Not what a store begins with. */
function isOfStreams(text: string): boolean {
  return /^LISTEN|sequence_number/.test(text) && !text.includes('pg_catalog.pg_class');
}
