import { describe, expect, it } from '@jest/globals';
import {
  StoredFact,
  markOf,
  readablePayload,
  recordOf,
} from '../../lib/stores/sqlite/connection/records.js';
import type { RecordRow } from '../../lib/stores/sqlite/connection/records.js';
import { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { fact } from '../support/facts/facts.js';
import { TestFolder } from '../support/sqlite/folder.js';

const row = (payload: string): RecordRow => [7n, '2026-11-24T08:09:42.870Z', 'noted', payload];
const head = { sequence_number: 7n, occurred_at: '2026-11-24T08:09:42.870Z', event_type: 'noted' };

describe('A stored fact', () => {
  it('is read with its payload, each time a new one', () => {
    const first = recordOf(row('{"a":[1]}'));
    expect(first).toEqual({ ...head, payload: { a: [1] } });
    expect(recordOf(row('{"a":[1]}')).payload).not.toBe(first.payload);
  });

  it('parses its payload when that is asked for, and once', () => {
    const stored = new StoredFact(row('{"a":null}'));
    expect(stored.payload).toEqual({ a: null });
    expect(stored.payload).toBe(stored.payload);
    expect(stored.record()).toEqual({ ...head, payload: { a: null } });
    expect(stored.record().payload).toBe(stored.payload);
    expect(stored).toMatchObject({ sequence_number: 7n, event_type: 'noted' });
  });

  it.each([
    ['its record', () => recordOf(row('{'))],
    ['its payload', () => new StoredFact(row('{')).payload],
  ])('whose payload is damaged says so when %s is asked for, without quoting it', (_, ask) => {
    expect(ask).toThrow('The payload of fact 7 is not JSON. Restore the database from a backup.');
    expect(new StoredFact(row('{')).event_type).toBe('noted');
    expect(readablePayload(row('{'))).toBeUndefined();
    expect(readablePayload(row('{"a":1}'))).toEqual({ a: 1 });
  });

  it('has a mark without a payload where that is damaged, too large, or the fact is not there', () => {
    expect(markOf(undefined)).toBeNull();
    expect(markOf(row('[0]'))).toEqual({ ...head, payload: [0] });
    for (const unread of ['{', null]) {
      expect(Object.keys(markOf([...row('').slice(0, 3), unread] as never)!)).toEqual(
        Object.keys(head),
      );
    }
  });
});

describe('A mark of the log', () => {
  it.each([
    ['x', 16_384, true],
    ['x', 16_385, false],
    ['é', 16_384, true],
    ['é', 16_386, false],
    ['€', 16_382, true],
    ['€', 16_385, false],
  ])('has payloads of %s up to 16,384 bytes (%d)', async (character, bytes, isRead) => {
    const folder = new TestFolder();
    const store: FactstrSqliteStore = folder.open();
    const payload = character.repeat((bytes - 2) / Buffer.byteLength(character));
    expect(Buffer.byteLength(JSON.stringify(payload))).toBe(bytes);
    store.append([fact('noted', payload)]);
    const mark = await store.log.newest!();
    expect(mark!.payload).toBe(isRead ? payload : undefined);
    expect((await store.log.readPage!(1n, 1)).at).toEqual(mark);
    await folder.dispose();
  });
});
