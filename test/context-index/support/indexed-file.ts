import type Database from 'better-sqlite3';
import type { NewEvent } from '../../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareFacts } from '../../../lib/contract/validation.js';
import { SqliteConnection } from '../../../lib/stores/sqlite/connection/connection.js';
import { SqliteContextIndex } from '../../../lib/stores/sqlite/index/context-index.js';
import { SqliteContext } from '../../../lib/stores/sqlite/index/context.js';
import { SqliteScan } from '../../../lib/stores/sqlite/log/scan.js';
import { TestFolder } from '../../support/sqlite/folder.js';
import { about } from './boundaries.js';
import { prepared } from '../../support/index/world.js';

/** Counts what is looked for in the log itself. */
class WatchedWalk extends SqliteScan {
  walks = 0;

  override newest(...parameters: Parameters<SqliteScan['newest']>): bigint {
    this.walks++;
    return super.newest(...parameters);
  }

  override rows(...parameters: Parameters<SqliteScan['rows']>): ReturnType<SqliteScan['rows']> {
    this.walks++;
    return super.rows(...parameters);
  }
}

/** Sees what is executed without being prepared; `before` may throw. */
class WatchedConnection extends SqliteConnection {
  readonly executed: string[] = [];
  before: (sql: string) => void = () => undefined;

  override execute(sql: string): void {
    this.executed.push(sql);
    this.before(sql);
    super.execute(sql);
  }
}

/** What a process holds of the index of a file. There is no background: the test sees when it would be woken. */
export class IndexedFile {
  readonly outside: Database.Database;
  readonly connection: WatchedConnection;
  readonly walk: WatchedWalk;
  readonly index: SqliteContextIndex;
  readonly context: SqliteContext;
  woken = 0;

  constructor(folder: TestFolder) {
    void folder.open().close();
    this.outside = folder.database();
    this.connection = new WatchedConnection(folder.file());
    this.walk = new WatchedWalk(this.connection);
    this.index = new SqliteContextIndex(this.connection, this.walk, () => this.woken++);
    this.context = new SqliteContext(this.index, this.walk);
  }

  /** As the writer does, inside a `write`. */
  add(facts: NewEvent[], occurred_at = 'then'): void {
    let number = this.index.head;
    for (const { event_type, payload } of facts) {
      this.connection
        .command('INSERT INTO events VALUES (?, ?, ?, ?)')
        .run(++number, occurred_at, event_type, JSON.stringify(payload));
    }
    this.index.add(prepareFacts(facts, DEFAULT_LIMITS), occurred_at);
  }

  append(facts: NewEvent[], occurred_at?: string): void {
    this.index.write(() => this.add(facts, occurred_at));
  }

  /** The log's head, and how much of it is indexed. */
  progress(): [bigint, bigint] {
    const { head, indexed } = this.index.read(() => this.index.progress);
    return [head, indexed];
  }

  /** The newest fact of type 'a' that has the number `n`. */
  versionOf(n: number): bigint | null {
    return this.index.read(() => this.context.version(prepared(about(['a'], { n }))));
  }

  close(): void {
    this.connection.close();
  }
}
