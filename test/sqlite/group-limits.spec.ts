import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { MAX_SEQUENCE_NUMBER } from '../../lib/contract/limits.js';
import { fact, facts, numbersOf } from '../support/facts/facts.js';
import { errorOf } from '../support/facts/outcome.js';
import { TestFolder } from '../support/sqlite/folder.js';
import { batchRows } from './support/rows.js';
import { steppedStatements } from '../support/sqlite/statements.js';
import { standStill } from '../support/waiting/clocks.js';

const MARKER = 'SELECT count(*) FROM store_metadata';
const HALF = (1024 * 1024) / 2;

const statements = steppedStatements();
let folder: TestFolder;

beforeEach(() => {
  standStill();
  folder = new TestFolder();
});
afterEach(async () => {
  await folder.dispose();
  jest.useRealTimers();
});

/** How many members each transaction has, when these are appended at the same time. */
async function groupsOf(members: readonly NewEvent[][]): Promise<number[]> {
  const store = folder.open({ limits: { maxPayloadBytes: Infinity } });
  const sizes: number[] = [];
  const unwatch = store.log.onCommit((first) => sizes.push(Number(first)));
  const results = await Promise.all(members.map((events) => store.promises.append(events)));
  unwatch();
  const firsts = results.map(({ first_sequence_number }) => Number(first_sequence_number));
  expect(firsts).toEqual([...firsts].sort((left, right) => left - right));
  const begins = sizes.map((first) => firsts.indexOf(first));
  return begins.map((begin, index) => (begins[index + 1] ?? firsts.length) - begin);
}

/** A payload of so many characters as JSON text. */
function text(characters: number, character = 'x'): string {
  return character.repeat(characters - 2);
}

describe('A group takes no more members', () => {
  it.each([
    [0, [10]],
    [0.5, [10]],
    [1, [5, 5]],
    [2.4, [3, 3, 3, 1]],
    [2.5, [2, 2, 2, 2, 2]],
    [4.9, [2, 2, 2, 2, 2]],
    [5, Array<number>(10).fill(1)],
    [6, Array<number>(10).fill(1)],
  ])('when it has taken 5 ms (each member %d ms)', async (milliseconds, groups) => {
    const members = Array.from({ length: 10 }, () => [fact('slow', 0)]);
    statements.at('INSERT INTO events', () => jest.advanceTimersByTime(milliseconds), {
      each: 'slow',
    });
    expect(await groupsOf(members)).toEqual(groups);
  });

  it.each([
    ['half of it', HALF, 'x', 1, [2, 1]],
    ['a character less', HALF - 1, 'x', 1, [3]],
    ['as many characters of two bytes', HALF, 'é', 1, [2, 1]],
    ['a character less of three bytes', HALF - 1, '€', 1, [3]],
    ['half of it in two facts', HALF / 2, 'x', 2, [2, 1]],
  ])(
    'when its payloads have 1,048,576 characters (each member %s)',
    async (_, size, character, count, groups) => {
      const events = Array.from({ length: count }, () => fact('large', text(size, character)));
      expect(await groupsOf([events, events, events])).toEqual(groups);
    },
  );
});

describe('Whether single facts need a row of their batch', () => {
  it('is looked up once, and again when others have written', () => {
    const store = folder.open();
    const looks = (): number => {
      statements.take();
      store.append(facts(1));
      return statements.take().filter((sql) => sql.startsWith(MARKER)).length;
    };
    expect([looks(), looks(), looks()]).toEqual([1, 0, 0]);
    folder.database().exec("INSERT INTO store_metadata VALUES ('a', 'b')");
    expect([looks(), looks()]).toEqual([1, 0]);
    expect(batchRows(folder)).toEqual([]);
  });

  it('may change while the store is open', () => {
    folder.copyGolden('0.5.0');
    const store = folder.open();
    const other = folder.database();
    const appended = (count = 1): boolean => {
      const last = Number(store.append(facts(count)).last_sequence_number);
      return batchRows(folder).some(([, end]) => end === last);
    };
    expect([appended(), appended(), appended(2)]).toEqual([true, true, true]);
    store.adoptBatchBoundaries();
    expect([appended(), appended(), appended(2)]).toEqual([false, false, true]);
    // As a restored copy does.
    other.exec("DELETE FROM store_metadata WHERE key = 'append_batch_boundary_format'");
    expect([appended(), appended()]).toEqual([true, true]);
    folder.open().adoptBatchBoundaries();
    expect([appended(), appended()]).toEqual([false, false]);
  });
});

describe('The last sequence number that there is', () => {
  it('is given, and none after it', async () => {
    folder.open().append(facts(1));
    folder
      .database()
      .prepare('UPDATE events SET sequence_number = ?')
      .run(MAX_SEQUENCE_NUMBER - 2n);
    const store = folder.open();
    const full = await errorOf(() => store.append(facts(3)));
    expect(full.message).toContain(`The log is full: its head is ${MAX_SEQUENCE_NUMBER - 2n}`);
    expect(store.append(facts(1)).first_sequence_number).toBe(MAX_SEQUENCE_NUMBER - 1n);
    expect((await errorOf(() => store.append(facts(2)))).code).toBe('STORAGE_ERROR');
    expect((await store.promises.append(facts(1))).last_sequence_number).toBe(MAX_SEQUENCE_NUMBER);
    expect((await errorOf(() => store.append(facts(1)))).message).toContain('The log is full');
    expect(await numbersOf(store, {})).toHaveLength(3);
  });
});

describe('Streams are woken', () => {
  it('once for a group, with its first number, and not for what was not written', async () => {
    const store = folder.open();
    store.append(facts(2));
    const wake = jest.fn();
    const unwatch = store.log.onCommit(wake);
    await Promise.all([
      store.promises.appendIf(facts(1), {}, null),
      store.promises.append(facts(2)),
      store.promises.append(facts(1)),
    ]);
    expect(wake.mock.calls).toEqual([[3n]]);
    await store.promises.appendIf(facts(1), {}, null);
    statements.fail('COMMIT', 'SQLITE_IOERR');
    await errorOf(() => store.promises.append(facts(1)));
    expect(wake).toHaveBeenCalledTimes(1);
    store.append(facts(1));
    expect(wake.mock.calls).toEqual([[3n], [6n]]);
    unwatch();
  });
});
