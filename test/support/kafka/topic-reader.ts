import {
  ConnectionPool,
  IS_CONTROL,
  fetchV15,
  metadataV12,
  parseBroker,
} from '@platformatic/kafka';
import type { RecordsBatch } from '@platformatic/kafka';
import { pause } from '../../../lib/support/async/turns.js';

/** A record as consumers get it. */
export interface ReadRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * All that a topic of a single broker holds, in the order of each partition. `committed`: without what transactions
 * have left behind that did not commit. By the protocol itself: the client's consumer mistakes several aborted
 * transactions of one producer.
 */
export async function readTopic(
  broker: string,
  topic: string,
  which: 'committed' | 'all' = 'committed',
): Promise<ReadRecord[]> {
  const pool = new ConnectionPool('test-reader', { requestTimeout: 30_000 });
  try {
    const connection = await pool.get(parseBroker(broker));
    const { topics } = await metadataV12.api.async(connection, [topic], false, false);
    const { topicId, partitions } = topics[0]!;
    const records: ReadRecord[] = [];
    for (const { partitionIndex: partition } of partitions) {
      const batches: RecordsBatch[] = [];
      for (let offset = 0n; ;) {
        const wanted = {
          partition,
          currentLeaderEpoch: -1,
          fetchOffset: offset,
          lastFetchedEpoch: -1,
          partitionMaxBytes: 4 * 1024 * 1024,
        };
        const { responses } = await fetchV15.api.async(
          connection,
          0,
          0,
          16 * 1024 * 1024,
          which === 'committed' ? 1 : 0,
          0,
          0,
          [{ topicId, partitions: [wanted] }],
          [],
          '',
        );
        const answer = responses[0]!.partitions[0]!;
        const found = answer.records ?? [];
        if (found.length === 0) {
          if (which === 'all' || answer.lastStableOffset >= answer.highWatermark) break;
          // A transaction whose end was acknowledged ends in the partitions a moment later.
          await pause(10);
          continue;
        }
        batches.push(...found.filter((batch) => batch.firstOffset >= offset));
        const last = found.at(-1)!;
        offset = last.firstOffset + BigInt(last.lastOffsetDelta) + 1n;
      }
      const kept =
        which === 'committed' ? committed(batches) : batches.filter((b) => !isControl(b));
      for (const { records: own } of kept) {
        for (const { key, value, headers } of own) {
          records.push({
            partition,
            key: String(key),
            value: String(value),
            headers: Object.fromEntries(
              headers.map(([name, text]) => [String(name), String(text)]),
            ),
          });
        }
      }
    }
    return records;
  } finally {
    await pool.close();
  }
}

/** Without the batches of transactions whose end is an abort. What has no end yet, the broker does not give. */
function committed(batches: readonly RecordsBatch[]): RecordsBatch[] {
  const kept = new Set<RecordsBatch>();
  const open = new Map<bigint, RecordsBatch[]>();
  for (const batch of batches) {
    const own = open.get(batch.producerId) ?? [];
    if (isControl(batch)) {
      // The key's second number: 0 is an abort, 1 a commit.
      if (batch.records[0]!.key!.readInt16BE(2) === 1) for (const each of own) kept.add(each);
      open.delete(batch.producerId);
    } else if ((batch.attributes & 16) === 0) {
      kept.add(batch);
    } else {
      open.set(batch.producerId, [...own, batch]);
    }
  }
  return batches.filter((batch) => kept.has(batch));
}

function isControl({ attributes }: RecordsBatch): boolean {
  return (attributes & IS_CONTROL) !== 0;
}
