import { Entrant } from './entrants.mjs';
import { interleave } from './measure/interleave.mjs';

const OWN = ['ours', 'service', 'floor'];

/** One run: opens contestants on stores of their own, measures them in turns, and keeps the results. */
export class Bench {
  results = [];
  notes = [];
  #contestants;
  #places;
  #kept = new Map();

  constructor(options, contestants, places) {
    this.options = options;
    this.#contestants = contestants;
    this.#places = places;
  }

  /**
   * Opens the contestants of an engine, each on a store with so many facts, and closes them, and removes the
   * stores, after `work`.
   */
  async with(engine, { ids, size = 0 }, work) {
    const entrants = await this.#open(engine, ids, size);
    try {
      return await work(entrants);
    } finally {
      await this.#close(entrants);
    }
  }

  /** Contestants on stores that later workloads get again, and that stay open: large ones are made once. */
  async keep(engine, { ids, size }) {
    const key = `${engine} ${size}`;
    const kept = this.#kept.get(key) ?? [];
    this.#kept.set(key, kept);
    const missing = ids.filter((id) => !kept.some((entrant) => entrant.id === id));
    kept.push(...(await this.#open(engine, missing, size, kept)));
    return ids.flatMap((id) => kept.filter((entrant) => entrant.id === id));
  }

  async closeKept() {
    for (const [key, entrants] of this.#kept) {
      this.#kept.delete(key);
      await this.#close(entrants);
    }
  }

  /** Measures `run(entrant, milliseconds, round)` of each entrant; see `measureAll`. */
  measure(about, entrants, run, options) {
    return this.measureAll(
      entrants.map((entrant) => ({ about, entrant, run })),
      options,
    );
  }

  /**
   * Measures cases, `{ about, entrant, run(entrant, milliseconds, round) }`, in interleaved rounds. Afterwards
   * every store must have what was reported as committed.
   */
  async measureAll(given, { rounds = this.options.rounds, warm = true, longer = 1 } = {}) {
    const cases = given.map(({ about, entrant, run }) => ({
      about,
      entrant,
      milliseconds: this.options.milliseconds * longer,
      // A compiled program has nothing to warm up.
      warm: warm && entrant.id !== 'factstr',
      run: (time, round) => run(entrant, time, round),
    }));
    await interleave(cases, rounds);
    const before = this.results.length;
    for (const each of cases) {
      const { about, entrant, rounds: measured } = each;
      const failure = each.failure ?? (await checked(entrant));
      if (failure !== undefined) this.#note(about, entrant, failure);
      this.results.push({
        ...about,
        engine: about.engine ?? entrant.engine,
        id: entrant.id,
        rounds: failure === undefined ? measured : [],
        failure: failure?.message,
      });
    }
    this.options.onMeasured?.(this.results.slice(before));
  }

  /** The newest results once more, read in another way. */
  repeat(count, changes) {
    const repeated = this.results.slice(-count).map((result) => ({ ...result, ...changes }));
    this.results.push(...repeated);
    this.options.onMeasured?.(repeated);
  }

  async #open(engine, ids, size, others = []) {
    const entrants = [];
    for (const contestant of this.#contestants) {
      if (contestant.engine !== engine || (ids && !ids.includes(contestant.id))) continue;
      try {
        entrants.push(await this.#enter(contestant, size, [...others, ...entrants]));
      } catch (error) {
        this.#note({ workload: `opening, ${engine}` }, contestant, error);
      }
    }
    return entrants;
  }

  async #enter(contestant, size, entrants) {
    if (contestant.base !== undefined) {
      const base = entrants.find(({ id }) => id === contestant.base.id);
      if (base === undefined) throw new Error(`${contestant.base.id} is not there`);
      return base.through(contestant, base.session.service);
    }
    const place = await this.#places.make(contestant, size);
    const session = await contestant.open(place);
    try {
      await session.fill?.(size);
      const entrant = new Entrant(contestant, session, place);
      await entrant.begin();
      return entrant;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #close(entrants) {
    for (const entrant of entrants) {
      if (entrant.place === undefined) continue;
      await entrant.session.close();
      await this.#places.remove(entrant.place);
    }
  }

  #note({ workload, case: name }, { id, engine }, error) {
    const what = [workload, name].filter(Boolean).join(', ');
    this.notes.push(`${what}: ${id} (${engine}) failed: ${error.message}`);
    // A peer may fail; we may not.
    if (OWN.includes(id)) process.exitCode = 1;
    console.error(error);
  }
}

/** @returns why the store is not what its contestant says; undefined where it is */
async function checked(entrant) {
  try {
    await entrant.check();
    return undefined;
  } catch (error) {
    return error;
  }
}
