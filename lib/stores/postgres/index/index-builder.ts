import { IndexBuilder } from '../../../context-index/index-builder.js';
import { changeSegments } from '../../../context-index/segments/segment-change.js';
import { segmentOf } from '../../../context-index/segments/segment.js';
import type { Segment, SegmentDraft } from '../../../context-index/segments/segment.js';
import { chunkKey } from '../../../context-index/segments/chunk-cache.js';
import { SliceBuilder } from '../../../context-index/segments/slice-builder.js';
import type { Hole } from '../../../context-index/segments/segment-list.js';
import { runAnsweredSoon } from '../../../context-index/steps.js';
import { draftsOf } from '../../../context-index/tail/tail-drafts.js';
import type { ReadyConnection } from '../schema/ready-schema.js';
import type { KnownLog } from './known-log.js';
import type { Run } from '../connection/database.js';
import { isWithdrawn } from '../schema/index-schema.js';
import { PostgresIndexTables, chunkOfRow, tryLockStatement } from '../schema/index-tables.js';
import type { HeadOfLog } from './log-state.js';

/** Facts read at a time. */
const PAGE_FACTS = 500;
/** Milliseconds, at most, for which another process that changes the segments is left ahead. */
const MAX_HEAD_START_MS = 50;
/** Milliseconds after which the server takes the lock from a process that stands still, so that another goes on. */
const MAX_IDLE_MS = 5_000;
/** Ids of a new index begin at a random place, and go on in random steps: none is used twice. */
const MAX_FIRST_ID = 2 ** 32;
const MAX_ID_STEP = 1_024;

interface Slice {
  readonly draft: SegmentDraft;
  readonly log: number;
}

/**
 * Stores what memory knows and the segments lack, in the background: full tails, holes such as an existing
 * database, facts of another engine. Facts that are committed never change, so that this needs no part in any append.
 * One process at a time does it; other processes find the numbers indexed, and drop their own work.
 */
export class PostgresIndexBuilder extends IndexBuilder {
  readonly #connection: ReadyConnection;
  readonly #known: KnownLog;
  /** A slice of a hole, to be stored. */
  #slice: Slice | undefined;
  #highestId = 0;

  constructor(connection: ReadyConnection, known: KnownLog) {
    super(known);
    this.#connection = connection;
    this.#known = known;
  }

  protected async step(): Promise<number> {
    try {
      return (await this.#advance()) ? 0 : Math.random() * MAX_HEAD_START_MS;
    } catch (error) {
      this.#slice = undefined;
      if (isWithdrawn(error)) this.#connection.invalidate();
      throw error;
    }
  }

  /** @returns whether work was done; otherwise another process is at it */
  async #advance(): Promise<boolean> {
    const { head, memory } = this.#known;
    const { tail, segments } = memory;
    if (this.#known.isTailFull) return this.#store(draftsOf(tail), head);
    if (this.#slice?.log !== head.log) this.#slice = undefined;
    const hole = segments.newestHole(tail.start);
    if (hole !== undefined && this.#slice === undefined) {
      const draft = await this.#read(hole);
      if (draft !== undefined) this.#slice = { draft, log: head.log };
    }
    const done = await this.#store(this.#slice === undefined ? [] : [this.#slice.draft], head);
    if (done) this.#slice = undefined;
    return done;
  }

  /** The newest slice of a hole. */
  async #read(hole: Hole): Promise<SegmentDraft | undefined> {
    const slice = new SliceBuilder(hole);
    const { run, schema } = await this.#connection.ready();
    const tables = new PostgresIndexTables(schema);
    for (;;) {
      if (this.isClosed) return undefined;
      const rows = await run('Indexing', tables.older(hole.after, slice.until, PAGE_FACTS));
      for (const [number, event_type, payload] of rows) {
        const fact: unknown = payload == null ? undefined : JSON.parse(payload);
        if (!slice.add(Number(number), event_type!, fact)) return slice.draft(Number(number));
      }
      if (rows.length < PAGE_FACTS) return slice.draft(hole.after);
      await this.pause(0);
    }
  }

  /**
   * Stores drafts of the log that `head` is of.
   *
   * @returns false when another process has changed the segments, or is about to; or the log is another one
   */
  async #store(drafts: readonly SegmentDraft[], head: HeadOfLog): Promise<boolean> {
    const { transaction, schema, catalogSchema, hasIndex } = await this.#connection.ready();
    if (!hasIndex) {
      await this.#known.refresh();
      return false;
    }
    const tables = new PostgresIndexTables(schema);
    const { segments: before, useless } = this.#known.memory;
    if (this.#known.head.log !== head.log) return false;
    const removing = [...useless];
    const known = this.#known.newestId;
    const outcome = await transaction('Indexing', async (run) => {
      await run({
        text: `SET LOCAL synchronous_commit = off; SET LOCAL idle_in_transaction_session_timeout = ${MAX_IDLE_MS}`,
      });
      const [[locked]] = (await run(tryLockStatement(catalogSchema))) as [[string]];
      if (locked !== 't') return 'taken';
      const [[newest]] = (await run(tables.newestId())) as [[string | null]];
      const newestId = newest === null ? null : Number(newest);
      if (newestId !== known) return 'changed';
      const ids = new NextIds(Math.max(newestId ?? 0, this.#highestId));
      const missing = drafts.filter(({ first, last }) => before.isHole(first, last));
      const change = await runAnsweredSoon(changeSegments(before, removing, missing), (need) => {
        if (need.kind === 'store') return store(run, tables, need.draft, ids);
        if (need.kind === 'remove') return each(run, tables.remove(need.ids));
        if (need.kind === 'chunks') return chunksOf(run, tables, need);
        throw new Error(`Storing segments needs no ${need.kind}.`);
      });
      // At last, so that a fingerprint which was taken before is not that of a log which came after.
      const [[last, at]] = (await run(tables.outcome(head.number))) as [(string | null)[]];
      if ((at ?? '') !== head.at) {
        await run({ text: 'ROLLBACK' });
        return 'changed';
      }
      return { ...change, newestId: last == null ? null : Number(last) };
    });
    if (outcome === 'changed') await this.#known.refresh();
    if (typeof outcome === 'string') return false;
    this.#highestId = Math.max(this.#highestId, outcome.newestId ?? 0);
    this.#known.stored(before, head.log, outcome);
    return true;
  }
}

class NextIds {
  #last: number;

  constructor(last: number) {
    this.#last = last;
  }

  take(): number {
    const step = this.#last === 0 ? MAX_FIRST_ID : MAX_ID_STEP;
    return (this.#last += 1 + Math.floor(Math.random() * step));
  }
}

async function store(
  run: Run,
  tables: PostgresIndexTables,
  draft: SegmentDraft,
  ids: NextIds,
): Promise<Segment> {
  const [row] = await run(tables.fingerprint(draft.last));
  const segment = segmentOf(draft, ids.take(), row?.[0] ?? '');
  await each(run, tables.insert(segment, draft));
  return segment;
}

async function chunksOf(
  run: Run,
  tables: PostgresIndexTables,
  { segment, from, to }: { segment: Segment; from: number; to: number },
): Promise<(Uint8Array | undefined)[]> {
  const keys = Array.from({ length: to - from }, (_, n) => chunkKey(segment.id, from + n));
  const found = new Map((await run(tables.chunks(keys))).map(chunkOfRow));
  return keys.map((key) => found.get(key));
}

async function each(run: Run, statements: readonly Parameters<Run>[0][]): Promise<void> {
  for (const statement of statements) await run(statement);
}
