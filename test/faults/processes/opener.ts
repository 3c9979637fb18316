// Opens SQLite files of which nobody knows whether they are any good, and tells what came of it.
import { FactstrSqliteStore } from 'nestjs-factstr';
import { done, next, send } from '../../support/child-task.js';

/** What became of one step: the error's code and words, or nothing. */
export interface Failed {
  code: string;
  message: string;
}

export interface Opened {
  /** Why it was refused. */
  refused?: Failed;
  /** The facts, each as text, in order; or why they could not be read. */
  facts?: string[];
  unread?: Failed;
  /** The number of the fact that was appended; or why none was. */
  appended?: number;
  unwritten?: Failed;
}

for (let path = await next<string>(); path !== ''; path = await next<string>()) send(open(path));
done();

function open(path: string): Opened {
  let store: FactstrSqliteStore;
  try {
    store = new FactstrSqliteStore(path);
  } catch (error) {
    return { refused: failed(error) };
  }
  const opened: Opened = {};
  try {
    const { event_records } = store.query({});
    opened.facts = event_records.map(({ sequence_number, event_type, payload }) =>
      JSON.stringify([Number(sequence_number), event_type, payload]),
    );
  } catch (error) {
    opened.unread = failed(error);
  }
  try {
    const result = store.append([{ event_type: 'late', payload: { late: true } }]);
    opened.appended = Number(result.first_sequence_number);
  } catch (error) {
    opened.unwritten = failed(error);
  }
  try {
    void store.close();
  } catch (error) {
    opened.unwritten ??= failed(error);
  }
  return opened;
}

function failed(error: unknown): Failed {
  const { code = 'NO_CODE', message } = error as Error & { code?: string };
  return { code, message };
}
