import { isStatementError } from '../connection/errors.js';

/** How tables of ours are made that a file may lack. */
export interface LateTablesSteps<S> {
  /** Makes what is missing, inside a write transaction. */
  make(): void;
  isThere(): boolean;
  prepare(): S;
}

/** Statements on tables that opening a file does not make: the first append that needs them does. */
export class LateTables<S> {
  readonly #steps: LateTablesSteps<S>;
  /** `undefined` while the tables were not found here. */
  #statements: S | undefined;

  constructor(steps: LateTablesSteps<S>) {
    this.#steps = steps;
  }

  /** Inside a write transaction. `use` may be called again where its first statement fails. */
  write<T>(use: (statements: S) => T): T {
    const known = this.#statements;
    try {
      return use(this.#made());
    } catch (error) {
      if (known === undefined || !isStatementError(error)) throw error;
      // The transaction that made the tables was rolled back; or another program has dropped them, and what was known
      // with them.
      this.#statements = undefined;
      return use(this.#made());
    }
  }

  /** `undefined` where the tables are missing. It makes none, and needs no transaction. */
  read<T>(use: (statements: S) => T): T | undefined {
    if (this.#statements === undefined && !this.#steps.isThere()) return undefined;
    try {
      return use((this.#statements ??= this.#steps.prepare()));
    } catch (error) {
      if (!isStatementError(error)) throw error;
      this.#statements = undefined;
      return undefined;
    }
  }

  #made(): S {
    if (this.#statements !== undefined) return this.#statements;
    this.#steps.make();
    return (this.#statements = this.#steps.prepare());
  }
}
