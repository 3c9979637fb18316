import { LogReader } from '../../../lib/streams/reader/log-reader.js';
import type { ReadPage } from '../../../lib/streams/reader/log-reader.js';
import { settle } from '../../support/waiting/until.js';
import { SteppedLog } from './stepped-log.js';

/** A log of so many single facts, which a stream reads. */
export function open(facts: number): { log: SteppedLog; reader: LogReader } {
  const log = new SteppedLog();
  for (let n = 0; n < facts; n++) log.append();
  const reader = new LogReader(log);
  reader.enter();
  return { log, reader };
}

/** What a cursor there is given, named by its log, when it is given it. */
export function reading(
  reader: LogReader,
  position: bigint,
): { readonly facts: string[] | undefined } {
  const given: { facts: string[] | undefined } = { facts: undefined };
  const note = ({ batches }: ReadPage): void => {
    given.facts = batches.flatMap(({ event_records }) =>
      event_records.map(
        ({ sequence_number, payload }) => `${(payload as { log: number }).log}:${sequence_number}`,
      ),
    );
  };
  reader.readAfter({ position, fact: undefined }).then(note, () => {
    given.facts = ['failed'];
  });
  return given;
}

export async function answer(log: SteppedLog, index = 0): Promise<void> {
  log.open.at(index)!.answer();
  await settle();
}
