import { cart, factOf } from './facts.mjs';
import { drive } from './measure/drive.mjs';

/** What a store's contestants say to have committed to it, and the numbers of the facts they make. */
class Account {
  initial = 0;
  committed = 0;
  /** Far from those that were seeded. */
  next = 1_000_000_000;
}

/** A contestant with an open store. */
export class Entrant {
  #account;

  constructor({ id, engine }, session, place, account = new Account()) {
    Object.assign(this, { id, engine, session, place });
    /** How many callers it can have at the same time. */
    this.callers = session.callers ?? Infinity;
    this.#account = account;
  }

  /** The same store through another face: the same account. */
  through(contestant, session) {
    return new Entrant(
      contestant,
      { ...session, count: this.session.count },
      undefined,
      this.#account,
    );
  }

  /** The first of so many new numbers. */
  numbers(count) {
    const first = this.#account.next;
    this.#account.next += count;
    return first;
  }

  /** Times an operation that returns how many facts it committed. */
  async appends(operation, options) {
    const measured = await drive(operation, options);
    this.committed(measured.facts);
    return measured;
  }

  /** As `appends`, by a program that times itself. */
  async timed(workload, { callers = 1, milliseconds, ...rest }) {
    const measured = await this.session.timed(workload, {
      operations: 1e9,
      ...rest,
      threads: callers,
      milliseconds: Math.ceil(milliseconds),
    });
    this.committed(measured.facts);
    return measured;
  }

  committed(facts) {
    this.#account.committed += facts;
  }

  /** Begins the account. Verdicts are tried first, so that nobody is fast by being wrong. */
  async begin() {
    if (this.session.appendIf !== undefined) await this.#tryVerdicts();
    this.#account.initial = (await this.session.count()) - this.#account.committed;
  }

  /** @throws when the store does not have the facts that were reported as committed */
  async check() {
    const expected = this.#account.initial + this.#account.committed;
    const found = await this.session.count();
    if (found !== expected) {
      throw new Error(`${this.id} (${this.engine}) has ${found} facts, not ${expected}.`);
    }
  }

  async #tryVerdicts() {
    const { session } = this;
    const context = cart(`verdict-${this.numbers(1)}`);
    const verdict = async (version) => {
      const facts = await session.appendIf([factOf(context)], context, version);
      this.committed(facts);
      return facts;
    };
    const verdicts = [await verdict(null), await verdict(null)];
    const version = await session.version(context);
    verdicts.push(await verdict(version), await verdict(version));
    if (verdicts.join() !== '1,0,1,0') {
      throw new Error(`${this.id} (${this.engine}) gives wrong verdicts: ${verdicts.join()}.`);
    }
  }
}
