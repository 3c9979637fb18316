import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { InvalidOptionsError } from '../contract/errors.js';

type Check = (sql: string) => void;

/**
 * A query runner that calls `check` before each statement, those of its own methods included, and before a transaction
 * when `startable` is false.
 */
export function checkedRunner(
  runner: QueryRunner,
  check: Check,
  options: { startable: boolean; manager?: () => EntityManager },
): QueryRunner {
  return new Proxy(runner, {
    get(target, key, receiver): unknown {
      if (key === 'query') {
        return async (sql: string, ...rest: [unknown[]?, boolean?]) => {
          check(sql);
          // As TypeORM calls it, with as many arguments.
          return (target.query as (...all: unknown[]) => Promise<unknown>)(sql, ...rest);
        };
      }
      // The driver lists the runners that are connected, by identity.
      if (key === 'connect' || key === 'release') return target[key].bind(target);
      if (key === 'startTransaction' && !options.startable) {
        return async () => check('START TRANSACTION');
      }
      if (key === 'manager' && options.manager !== undefined) return options.manager();
      return Reflect.get(target, key, receiver);
    },
  });
}

/**
 * Keeps handlers from writing past their transaction: inside one, statements through the application's data
 * source (an injected repository, say) may only read. A write there would stay when the transaction rolls back,
 * and on SQLite it would wait for the lock that its own handler holds.
 */
export class HandlerGuard {
  readonly #dataSource: DataSource;
  readonly #create: DataSource['createQueryRunner'];
  readonly #inside = new AsyncLocalStorage<true>();

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
    const create = dataSource.createQueryRunner.bind(dataSource);
    this.#create = create;
    dataSource.createQueryRunner = (mode) => {
      const runner = create(mode);
      return this.#inside.getStore() === undefined
        ? runner
        : checkedRunner(runner, refuseWrites, { startable: false });
    };
  }

  /** A runner without the guard. */
  runner(): QueryRunner {
    return this.#create();
  }

  enclose<T>(call: () => T): T {
    return this.#inside.run(true, call);
  }

  /** Removes the guard from the data source. */
  end(): void {
    delete (this.#dataSource as Partial<DataSource>).createQueryRunner;
  }
}

/** The first word of a statement that reads, behind comments and brackets. */
const READS =
  /^(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*\(*\s*(SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN|PRAGMA)\b/i;
/** The ones of these words behind which a statement may still write. */
const MAY_LEAD = /WITH|EXPLAIN/i;
const WRITES = /\b(?:INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|MERGE\s+INTO)\b/i;

function refuseWrites(sql: string): void {
  const word = READS.exec(sql)?.[1];
  if (word !== undefined && !(MAY_LEAD.test(word) && WRITES.test(sql))) return;
  throw new InvalidOptionsError(
    'A transactional projection writes through context.manager only: what goes through an injected repository or data source is outside the ' +
      'transaction and would stay when it rolls back. Use context.manager (getRepository, save, query).',
  );
}
