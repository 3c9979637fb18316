import { expect } from '@jest/globals';
import type Database from 'better-sqlite3';
import { segmentRanges, strayChunks } from '../sqlite/index-tables.js';
import { LogModel } from './model.js';

/** The log as it is in the file. */
export function readLog(database: Database.Database): LogModel {
  const model = new LogModel();
  const event = LogModel.shared();
  const rows = database
    .prepare('SELECT sequence_number, event_type, payload FROM events ORDER BY 1')
    .raw()
    .iterate() as Iterable<[number, string, string]>;
  for (const [number, type, payload] of rows) model.insert(number, event(type, payload));
  return model;
}

/** Segments that follow one another without gap or overlap. */
export function expectGapless(database: Database.Database): void {
  const ranges = segmentRanges(database);
  expect(ranges[0]?.first).toBe(1);
  ranges.slice(1).forEach(({ first }, index) => expect(first).toBe(ranges[index]!.last + 1));
  expect(strayChunks(database)).toBe(0);
}
