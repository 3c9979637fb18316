import { afterEach, beforeEach, jest } from '@jest/globals';
import { loadDriver } from '../../../lib/stores/sqlite/connection/driver.js';
import type {
  SqliteDatabase,
  SqliteStatement,
} from '../../../lib/stores/sqlite/connection/driver.js';

/** Which run of a statement is meant. */
interface Where {
  /** After it, the statement has done its work. Default: before. */
  readonly when?: 'before' | 'after';
  /** So many runs pass first. Default: none. */
  readonly pass?: number;
  /** Only runs with this parameter, and each of them. */
  readonly each?: unknown;
}

interface Step extends Where {
  readonly sql: string;
  left: number;
  /** What it throws, the statement's caller gets. */
  readonly happens: () => void;
}

/** The driver's statements, as stores run them. */
export class Statements {
  readonly #steps: Step[] = [];
  readonly #ran: string[] = [];
  /** So many were prepared. */
  prepared = 0;

  /** The first lines of those that were run since the last look, in order. */
  take(): string[] {
    return this.#ran.splice(0);
  }

  /** Lets something happen at a statement that begins like this: once, unless `each` is given. */
  at(sql: string, happens: () => void, where: Where = {}): void {
    this.#steps.push({ ...where, sql, left: where.pass ?? 0, happens });
  }

  /** Lets the driver fail there. */
  fail(sql: string, code: string, where: Where = {}): void {
    this.at(
      sql,
      () => {
        throw Object.assign(new Error(`${code} at ${sql}`), { code });
      },
      where,
    );
  }

  /** Has every run of a statement pass by here. */
  step<Row>(statement: SqliteStatement<Row>, sql: string): SqliteStatement<Row> {
    this.prepared++;
    const run = statement.run.bind(statement);
    const all = statement.all.bind(statement);
    const get = statement.get.bind(statement);
    statement.run = (...parameters) => this.#around(sql, parameters, () => run(...parameters));
    statement.all = (...parameters) => this.#around(sql, parameters, () => all(...parameters));
    statement.get = (...parameters) => this.#around(sql, parameters, () => get(...parameters));
    return statement;
  }

  forget(): void {
    this.#steps.length = 0;
    this.#ran.length = 0;
  }

  #around<T>(sql: string, parameters: readonly unknown[], run: () => T): T {
    this.#ran.push(sql.split('\n', 1)[0]!);
    this.#reach(sql, parameters, 'before');
    const result = run();
    this.#reach(sql, parameters, 'after');
    return result;
  }

  #reach(sql: string, parameters: readonly unknown[], now: 'before' | 'after'): void {
    for (const step of this.#steps) {
      const { when = 'before', each } = step;
      if (when !== now || !sql.startsWith(step.sql)) continue;
      if (each === undefined) {
        if (step.left-- > 0) continue;
        this.#steps.splice(this.#steps.indexOf(step), 1);
      } else if (!parameters.includes(each)) continue;
      step.happens();
      return;
    }
  }
}

/** The statements of each test's SQLite stores. */
export function steppedStatements(): Statements {
  const statements = new Statements();
  beforeEach(() => {
    const driver = loadDriver().prototype as SqliteDatabase;
    const spy = jest.spyOn(driver, 'prepare');
    const prepare = spy.getMockImplementation()!;
    spy.mockImplementation(function (this: SqliteDatabase, sql) {
      return statements.step(prepare.call(this, sql), sql);
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    statements.forget();
  });
  return statements;
}
