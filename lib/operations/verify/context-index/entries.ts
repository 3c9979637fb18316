import { chunkKey } from '../../../context-index/segments/chunk-cache.js';
import { countBelow, entryOf } from '../../../context-index/segments/entries.js';
import type { Segment } from '../../../context-index/segments/segment.js';
import { decodeChunk } from '../../../context-index/segments/segment-codec.js';
import { FactTerms, hashType } from '../../../context-index/terms/terms.js';
import { LARGE_PAYLOAD } from '../../../stores/postgres/schema/index-tables.js';
import type { SnapshotReader } from '../../database/database.types.js';
import { readableFacts } from '../readable-facts.js';
import { bytesOf } from '../stored-bytes.js';

/** A segment whose chunks are whole has the entries of its facts, and no others. */
export async function verifyEntries(
  read: SnapshotReader,
  segment: Segment,
  wrong: (says: string) => Promise<void>,
): Promise<void> {
  const entries = await entriesOf(read, segment);
  const terms = new FactTerms();
  let expected = 0;
  let isExact = true;
  const range = { after: BigInt(segment.first) - 1n, upTo: BigInt(segment.last) };
  for await (const { sequence_number, event_type, payload, value } of readableFacts(read, range)) {
    // The background does not read what Postgres stores in more bytes; a process that has appended it knows it.
    if (read.provider === 'postgres' && payload.length > LARGE_PAYLOAD / 4) {
      isExact = false;
      continue;
    }
    terms.read(hashType(event_type), value);
    const offset = Number(sequence_number) - segment.first;
    for (const term of terms.terms.subarray(0, terms.count)) {
      const entry = entryOf(term, offset);
      if (entries[countBelow(entries, entry)] === entry) continue;
      return wrong(`it does not have what fact ${sequence_number} is found by`);
    }
    expected += terms.count;
  }
  if (isExact && expected !== entries.length) {
    await wrong(`it has ${entries.length} entries, and its facts have ${expected}`);
  }
}

async function entriesOf(read: SnapshotReader, segment: Segment): Promise<Float64Array> {
  const entries = new Float64Array(segment.entries);
  let at = 0;
  for (let chunk = 0; chunk < segment.chunks; chunk++) {
    const key = chunkKey(segment.id, chunk);
    const row = await read.row(`SELECT entries FROM nestjs_factstr_index_1_chunks WHERE id = ${key}`); // prettier-ignore
    const part = decodeChunk(segment, chunk, bytesOf(row![0]!));
    entries.set(part, at);
    at += part.length;
  }
  return entries;
}
