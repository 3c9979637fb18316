import { isDeepStrictEqual } from 'node:util';
import type { AppendResult, NewEvent } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { FactstrProjections } from '../../module/factstr-projections.js';
import { getFactstrStoreToken } from '../../module/factstr.tokens.js';
import type { RegisteredProjection } from '../../module/projections/registered-projection.js';
import type { FactstrStore } from '../../service/factstr-store.js';
import { OWN_TIMING } from '../support/timing.js';
import { SpecificationError } from '../text/specification-error.js';
import { differences } from '../text/shown.js';
import { projectionsOf } from '../waiting.js';
import type { TestedApplication } from '../waiting.js';
import type { SpecifyProjectionOptions } from './specify-projection.options.js';

/** Facts that a call may hold in the runs that merge batches. */
const MERGED = [2, 10_000] as const;

/** A run after the live one. */
interface Run {
  readonly name: string;
  /** What is wrong where it comes to something else. */
  readonly hint: string;
  readonly begin: () => Promise<void>;
}

/** The runs of one projection, which are to come to the same. */
export class Rehearsal {
  readonly #app: TestedApplication;
  readonly #name: string;
  readonly #options: SpecifyProjectionOptions;
  readonly #projections: FactstrProjections;
  readonly #projection: RegisteredProjection;

  constructor(app: TestedApplication, name: string, options: SpecifyProjectionOptions) {
    const { store, version } = options;
    this.#app = app;
    this.#name = name;
    this.#options = options;
    this.#projections = projectionsOf(app);
    this.#projection = this.#projections.find(name, { store, version });
    this.#check();
  }

  async run(batches: readonly NewEvent[][], assertion: () => unknown): Promise<void> {
    const appended: AppendResult[] = [];
    for (const batch of batches) appended.push(await this.#store.append(batch));
    await this.#drained('live');
    await assertion();
    const live = await this.#snapshot();
    try {
      for (const run of [...(await this.#redelivery(appended)), ...this.#rebuilds()]) {
        await run.begin();
        await this.#drained(run.name);
        await this.#compare(run, live, assertion);
      }
    } finally {
      this.#projection.rehearse(null);
    }
  }

  #check(): void {
    const { rebuild, reset } = this.#options;
    if (rebuild === false) return;
    const { clears, cursorStore } = this.#projection;
    const problem =
      cursorStore === undefined
        ? 'its store has the contract only, on which no projection is rebuilt'
        : !clears && reset === undefined
          ? 'nothing clears its read model: give its class onReset(manager), or hand over { reset }'
          : undefined;
    if (problem === undefined) return;
    throw new InvalidOptionsError(
      `Projection "${this.#name}" cannot be rebuilt by specifyProjection: ${problem}; or leave the rebuild out by { rebuild: false }.`,
    );
  }

  /** The last of the given batches that it gets comes again, as after a crash between handler and cursor. */
  async #redelivery(appended: readonly AppendResult[]): Promise<Run[]> {
    const { transactional, cursorStore, query } = this.#projection;
    if (transactional || cursorStore === undefined) return [];
    const { current_context_version: newest } = await this.#store.query(query, { limit: 1 });
    const last = appended.find(
      ({ first_sequence_number: first, last_sequence_number: end }) =>
        newest !== null && newest !== undefined && first <= newest && newest <= end,
    );
    if (last === undefined) return [];
    const before = last.first_sequence_number - 1n;
    return [
      {
        name: 'with the last batch delivered again',
        hint: 'It is not idempotent: after a crash between the handler and its cursor the last facts come again. Write by key (an upsert, the fact’s number), or make it transactional.',
        begin: () => this.#projections.reset(this.#name, before, this.#selector),
      },
    ];
  }

  #rebuilds(): Run[] {
    if (this.#options.rebuild === false) return [];
    const rebuild = (name: string, hint: string, maxFacts: number | null): Run => ({
      name,
      hint,
      begin: () => this.#rebuild(maxFacts),
    });
    const split =
      'It depends on how facts come in batches: each fact of a call has to be handled, in order.';
    return [
      rebuild(
        'rebuilt from zero',
        'Either onReset (or reset) leaves something behind, or the handler depends on something else than the facts.',
        null,
      ),
      ...MERGED.map((maxFacts) =>
        rebuild(`rebuilt with up to ${maxFacts} facts a call`, split, maxFacts),
      ),
    ];
  }

  async #rebuild(maxFacts: number | null): Promise<void> {
    const { reset } = this.#options;
    if (reset === undefined) {
      this.#projection.rehearse(maxFacts);
      return this.#projections.rebuild(this.#name, this.#selector);
    }
    await this.#projections.pause(this.#name, this.#selector);
    await reset();
    this.#projection.rehearse(maxFacts);
    await this.#projections.rebuild(this.#name, this.#selector);
    await this.#projections.resume(this.#name, this.#selector);
  }

  async #compare({ name, hint }: Run, live: unknown, assertion: () => unknown): Promise<void> {
    const actual = await this.#snapshot();
    if (!isDeepStrictEqual(live, actual)) {
      const places = differences(live, actual).map((place) => `  ${place}`);
      throw new SpecificationError(
        `Projection "${this.#name}" comes to something else ${name} than live:\n${places.join('\n')}\n${hint}`,
        { expected: live, actual },
      );
    }
    try {
      await assertion();
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error);
      throw new SpecificationError(
        `What holds of projection "${this.#name}" live does not hold ${name}: ${told}\n${hint}`,
        { cause: error },
      );
    }
  }

  async #drained(run: string): Promise<void> {
    const { timeout } = this.#options;
    try {
      await this.#projections.drainedBy(OWN_TIMING, { timeout, names: this.#name });
    } catch (error) {
      if (error instanceof Error) error.message = `Run ${run}: ${error.message}`;
      throw error;
    }
  }

  /** A copy: the read model may be an object that goes on changing. */
  async #snapshot(): Promise<unknown> {
    const value = await this.#options.snapshot?.();
    try {
      return structuredClone(value);
    } catch (error) {
      throw new SpecificationError(
        `The snapshot of projection "${this.#name}" cannot be copied: give rows, or other data.`,
        { cause: error },
      );
    }
  }

  get #selector(): { store: string | undefined; version: number | undefined } {
    const { store, version } = this.#options;
    return { store, version };
  }

  get #store(): FactstrStore<object> {
    return this.#app.get(getFactstrStoreToken(this.#options.store), { strict: false });
  }
}
