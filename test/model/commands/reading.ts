import type { EventQuery, EventRecord, QueryResult } from '../../../lib/contract/contract.types.js';
import { rowText } from '../log-model.js';
import type { ModelAnswer } from '../log-model.js';
import type { Ended, System } from '../system.js';
import { Command, text } from './command.js';

export interface ReadData {
  readonly store: 0 | 1;
  readonly query: EventQuery;
  /** Where the read cursor stands: `null` for none, else this part of the log, beyond its end from 1 on. */
  readonly after: number | null;
  /** Rows of a page; `null` for all. */
  readonly limit: number | null;
}

function queryOf({ log }: System, { query, after }: ReadData): EventQuery {
  if (after === null) return query;
  return { ...query, min_sequence_number: BigInt(Math.floor(log.length * after)) };
}

/** The answer must be that of some moment between the call and its end. */
function check<T>(
  system: System,
  ended: Ended<T>,
  read: (value: T) => unknown,
  answer: (length: number) => unknown,
  acknowledged: number,
): void {
  const found = 'code' in ended ? ended.code : text(read(ended.value));
  const moments = system.log.lengths.filter((length) => length >= acknowledged);
  if (moments.some((length) => text(answer(length)) === found)) return;
  throw new Error(
    `got ${found}, wanted ${text(answer(acknowledged))}, as at ${acknowledged}${moments.length > 1 ? ', or later' : ''}`,
  );
}

export class Query extends Command {
  constructor(readonly data: ReadData) {
    super();
  }

  protected async act(system: System): Promise<void> {
    const { data } = this;
    const { face } = await system.store(data.store);
    const query = queryOf(system, data);
    const { acknowledged } = system;
    const isPage = data.limit !== null && face.queryPage !== undefined;
    const limit = isPage ? data.limit : Infinity;
    system.call(
      this.toString(),
      () => (isPage ? face.queryPage!(query, limit) : face.query(query)),
      (ended) =>
        check(
          system,
          ended,
          answerOf,
          (length) => system.log.answer(query, limit, length),
          acknowledged,
        ),
    );
  }
}

/** Page by page, where there is such a method. */
export class Read extends Command {
  constructor(readonly data: ReadData) {
    super();
  }

  protected async act(system: System): Promise<void> {
    const { face } = await system.store(this.data.store);
    const query = queryOf(system, this.data);
    const { acknowledged } = system;
    if (face.read === undefined) return;
    const pages = face.read(query, { pageSize: this.data.limit ?? 2 });
    system.call(
      this.toString(),
      () => rowsOf(pages),
      (ended) =>
        check(
          system,
          ended,
          (rows) => rows,
          (length) => system.log.answer(query, Infinity, length).rows,
          acknowledged,
        ),
    );
  }
}

async function rowsOf(records: AsyncIterable<EventRecord>): Promise<string[]> {
  const rows: string[] = [];
  for await (const record of records) rows.push(rowOf(record));
  return rows;
}

function answerOf(result: QueryResult): ModelAnswer {
  return {
    rows: result.event_records.map(rowOf),
    last: result.last_returned_sequence_number ?? null,
    version: result.current_context_version ?? null,
  };
}

function rowOf(record: EventRecord): string {
  return rowText({ ...record, number: Number(record.sequence_number) });
}
