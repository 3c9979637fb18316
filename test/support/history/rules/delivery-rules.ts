import type { Contexts } from '../contexts.js';
import type { Delivery, RecordedStream, Violation } from '../history.types.js';
import type { Placed } from '../placed-appends.js';
import { count } from '../words.js';

/** Per stream: whole batches, strictly ascending, without a gap or a duplicate. */
export function* deliveriesAreRight(
  streams: readonly RecordedStream[],
  placed: Placed,
  contexts: Contexts,
): Generator<Violation> {
  for (const stream of streams)
    yield* checkStream(stream, matchingBatches(stream, placed, contexts));
}

/** How many batches were delivered again. */
export function redeliveries({ runs }: RecordedStream): number {
  const delivered = runs.flat();
  return delivered.length - new Set(delivered.map((numbers) => numbers[0])).size;
}

function* checkStream(stream: RecordedStream, batches: readonly Delivery[]): Generator<Violation> {
  const { name, runs, after, mayRepeat = 0 } = stream;
  const [earliest, latest] = typeof after === 'number' ? [after, after] : after;
  const who = `The stream ${JSON.stringify(name)}`;
  const byFirst = new Map(batches.map((batch, index) => [batch[0]!, index]));
  /** The places of the next batch that may come, and of the first that must have come by then. */
  let next = firstAfter(batches, earliest);
  let due = firstAfter(batches, latest);
  let isFirst = true;
  for (const run of runs) {
    let repeat = mayRepeat;
    for (const delivery of run) {
      const place = byFirst.get(delivery[0] ?? -1);
      const batch = batches[place ?? -1];
      if (place === undefined || batch?.join() !== delivery.join()) {
        yield {
          rule: 'deliveries are batches',
          explanation: `${who} was given [${delivery.join(', ')}], which is not what its query matches of one batch${batch === undefined ? '' : ` (that is [${batch.join(', ')}])`}.`,
        };
        continue;
      }
      if (place < next - repeat || (isFirst && place < next)) {
        yield {
          rule: 'deliveries ascend',
          explanation: `${who} was given [${delivery.join(', ')}] ${isFirst ? `although it begins after ${earliest}` : `after [${batches[next - 1]!.join(', ')}]`}.`,
        };
      }
      const limit = isFirst ? due : next;
      if (place > limit) {
        yield {
          rule: 'deliveries are complete',
          explanation: `${who} was given [${delivery.join(', ')}] without ${count(place - limit, 'batch').replace('batchs', 'batches')} before it, from [${batches[limit]!.join(', ')}] on.`,
        };
      }
      next = place + 1;
      due = Math.max(due, next);
      isFirst = false;
      repeat = 0;
    }
  }
  const through = stream.through ?? Infinity;
  const missing = batches[isFirst ? due : next];
  if (missing !== undefined && missing.at(-1)! <= through) {
    yield {
      rule: 'deliveries are complete',
      explanation: `${who} ended without [${missing.join(', ')}].`,
    };
  }
}

function firstAfter(batches: readonly Delivery[], number: number): number {
  const place = batches.findIndex((batch) => batch[0]! > number);
  return place === -1 ? batches.length : place;
}

/** What the query matches of each batch, where it matches any of it. */
function matchingBatches(
  { query }: RecordedStream,
  { lengths }: Placed,
  contexts: Contexts,
): Delivery[] {
  const batches: number[][] = [];
  let place = 0;
  let end = -1;
  for (const number of contexts.matches(query)) {
    if (number > end) {
      while (lengths[place]! < number) place++;
      end = lengths[place]!;
      batches.push([]);
    }
    batches.at(-1)!.push(number);
  }
  return batches;
}
