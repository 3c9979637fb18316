import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type Database from 'better-sqlite3';
import { BatchBoundariesMissingError } from '../../lib/contract/errors.js';
import { SqliteBoundaries } from '../../lib/stores/sqlite/cursors/boundaries.js';
import { SqliteConnection } from '../../lib/stores/sqlite/connection/connection.js';
import { TestFolder } from '../support/sqlite/folder.js';

const MARKER = "DELETE FROM store_metadata WHERE key = 'append_batch_boundary_format'";

let folder: TestFolder;
let connection: SqliteConnection;
let other: Database.Database;
let boundaries: SqliteBoundaries;

beforeEach(async () => {
  folder = new TestFolder();
  await folder.open().close();
  other = folder.database();
  other.exec(MARKER);
  connection = new SqliteConnection(folder.file());
  boundaries = new SqliteBoundaries(folder.file());
});
afterEach(async () => {
  connection.close();
  await folder.dispose();
});

function append(first: number, last: number, withRow = true): void {
  for (let number = first; number <= last; number++) {
    other.prepare("INSERT INTO events VALUES (?, 'then', 'noted', ?)").run(number, `${number}`);
  }
  if (withRow) other.prepare('INSERT INTO append_batches VALUES (?, ?)').run(first, last);
}

function isComplete(one = boundaries): boolean {
  try {
    one.check(connection, 'projection');
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(BatchBoundariesMissingError);
    expect((error as Error).message).toContain(
      `The durable stream "projection" cannot run on ${folder.file()}: append_batches does not say for every fact which append it belongs to, ` +
        'as in a log that FACTSTR up to 0.5.0 began and a later version continued. Everything else works. ' +
        'When no version up to 0.5.0 writes to it any more, call adoptBatchBoundaries() once',
    );
    return false;
  }
}

describe('The batches of a log without the marker', () => {
  it('are complete when every fact is in a row', () => {
    expect(isComplete()).toBe(true);
    append(1, 1);
    append(2, 4);
    append(5, 5);
    expect(isComplete()).toBe(true);
  });

  it.each([
    ['the first one', 1],
    ['one in the middle', 2],
    ['the last one', 3],
  ])('are not when %s lacks its row', (_, without) => {
    append(1, 2, without !== 1);
    append(3, 3, without !== 2);
    append(4, 6, without !== 3);
    expect(isComplete()).toBe(false);
    // What was not complete is not taken for it later.
    append(7, 7);
    expect(isComplete()).toBe(false);
    other.prepare('INSERT INTO append_batches VALUES (?, ?)').run(
      ...(
        [
          [1, 2],
          [3, 3],
          [4, 6],
        ] as const
      )[without - 1]!,
    );
    expect(isComplete()).toBe(true);
  });

  it('are not when a row ends before or after its facts', () => {
    append(1, 3);
    for (const [last, complete] of [
      [2, false],
      [4, false],
      [3, true],
    ]) {
      other.prepare('UPDATE append_batches SET last_sequence_number = ?').run(Number(last));
      expect(isComplete(new SqliteBoundaries(folder.file()))).toBe(complete);
    }
  });

  it('are looked at once, and later those that came since', () => {
    append(1, 2);
    append(3, 3);
    expect(isComplete()).toBe(true);
    other.exec('DELETE FROM append_batches WHERE first_sequence_number = 1');
    expect(isComplete()).toBe(true);
    expect(isComplete(new SqliteBoundaries(folder.file()))).toBe(false);
    append(4, 4);
    expect(isComplete()).toBe(true);
    append(5, 5, false);
    expect(isComplete()).toBe(false);
    append(6, 6);
    expect(isComplete()).toBe(false);
  });

  it.each([
    ['was changed', "UPDATE events SET payload = 'x' WHERE sequence_number = 3"],
    [
      'is gone',
      'DELETE FROM events WHERE sequence_number = 3; DELETE FROM append_batches WHERE first_sequence_number = 3',
    ],
  ])('are looked at anew when the newest fact of then %s', (_, sql) => {
    append(1, 2);
    append(3, 3);
    expect(isComplete()).toBe(true);
    other.exec(`DELETE FROM append_batches WHERE first_sequence_number = 1; ${sql}`);
    expect(isComplete()).toBe(false);
  });

  it('do not matter where the marker is', () => {
    append(1, 2, false);
    other.exec("INSERT INTO store_metadata VALUES ('append_batch_boundary_format', 'sparse_v1')");
    expect(isComplete()).toBe(true);
    other.exec(
      "UPDATE store_metadata SET value = 'other' WHERE key = 'append_batch_boundary_format'",
    );
    expect(isComplete()).toBe(false);
  });
});
