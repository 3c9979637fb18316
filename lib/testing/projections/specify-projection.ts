// A specification reads as a sentence: given, then.
/* oxlint-disable unicorn/no-thenable */
import type { NewEvent } from '../../contract/contract.types.js';
import type { FactMap, NewFact } from '../../facts/fact-map.js';
import { projectionsOf } from '../waiting.js';
import type { TestedApplication } from '../waiting.js';
import { Rehearsal } from './rehearsal.js';
import type { SpecifyProjectionOptions } from './specify-projection.options.js';

/**
 * Tests a projection of an application that runs:
 * ```ts
 * await specifyProjection(app, 'seats', { snapshot: () => repo.find({ order: { course_id: 'ASC' } }) })
 *   .given(fact('course-defined', { course_id: 'c1', capacity: 2 }), fact('student-enrolled', { … }))
 *   .then(() => expect(repo.count()).resolves.toBe(1));
 * ```
 * It runs live; with the last batch delivered again (unless it is transactional); rebuilt from zero; and rebuilt with
 * several batches a call. After each run the assertion has to hold, and the snapshot to be what it was live.
 *
 * @throws InvalidOptionsError when no such projection is registered
 */
export function specifyProjection<Facts extends object = FactMap>(
  app: TestedApplication,
  name: string,
  options: SpecifyProjectionOptions = {},
): ProjectionSpecification<Facts> {
  const { store, version } = options;
  projectionsOf(app).find(name, { store, version });
  return new ProjectionSpecification(app, name, options, []);
}

/** A projection, and the facts that it is given. @publicApi */
export class ProjectionSpecification<Facts extends object = FactMap> {
  readonly #app: TestedApplication;
  readonly #name: string;
  readonly #options: SpecifyProjectionOptions;
  readonly #batches: readonly NewEvent[][];

  /** @internal */
  constructor(
    app: TestedApplication,
    name: string,
    options: SpecifyProjectionOptions,
    batches: readonly NewEvent[][],
  ) {
    this.#app = app;
    this.#name = name;
    this.#options = options;
    this.#batches = batches;
  }

  /** Facts that are appended, oldest first: each by itself, or several as one batch where they are in a list. */
  given(
    ...facts: readonly (NewFact<Facts> | readonly NewFact<Facts>[])[]
  ): ProjectionSpecification<Facts> {
    const batches = facts.map((one): NewEvent[] => [one as NewEvent | NewEvent[]].flat());
    const all = [...this.#batches, ...batches];
    return new ProjectionSpecification(this.#app, this.#name, this.#options, all);
  }

  /**
   * Runs it. `assertion` is called after each run; what it throws after the live one is passed on.
   *
   * @throws SpecificationError that tells which run came to something else, and where; WaitTimeoutError when a run does
   * not end
   */
  async then(
    assertion: () => unknown,
    failed?: ((error: unknown) => unknown) | null,
  ): Promise<void> {
    const rehearsal = new Rehearsal(this.#app, this.#name, this.#options);
    if (typeof failed !== 'function') return rehearsal.run(this.#batches, assertion);
    // It is awaited without an assertion.
    await rehearsal.run(this.#batches, () => undefined).then(assertion, failed);
  }
}
