import type { CursorStore } from '../../../lib/cursors/cursor-store.js';
import { Gate } from '../inbox/inbox.js';

/** A step of the cursor store's protocol. */
export type StepName = keyof CursorStore;

/** One call of a cursor store that goes on as the test says: asked, written, answered. */
export class HeldCall {
  readonly #asked = new Gate();
  readonly #writes = new Gate();
  readonly #written = new Gate();
  readonly #answers = new Gate();
  #refusal: Error | undefined;
  #loss: Error | undefined;

  /** Resolves when the call was made. */
  get asked(): Promise<void> {
    return this.#asked.passed;
  }

  /** Lets it do its work, and resolves when that is done; the answer is still on its way. */
  async write(): Promise<void> {
    await this.asked;
    this.#writes.open();
    await this.#written.passed;
  }

  /** Lets it do its work and answer; `loss` comes instead of the answer. */
  async answer(loss?: Error): Promise<void> {
    await this.write();
    this.#loss = loss;
    this.#answers.open();
  }

  /** Lets it fail before anything was written. */
  async refuse(error: Error): Promise<void> {
    await this.asked;
    this.#refusal = error;
    this.#writes.open();
  }

  async run(work: () => unknown): Promise<unknown> {
    this.#asked.open();
    await this.#writes.passed;
    if (this.#refusal !== undefined) throw this.#refusal;
    const result = await work();
    this.#written.open();
    await this.#answers.passed;
    if (this.#loss !== undefined) throw this.#loss;
    return result;
  }
}

/** A cursor store behind a database whose answers come when the test says, if at all. */
export class SteppedCursorStore {
  readonly cursorStore: CursorStore;
  /** The cursor store that there is; another one may take its place. */
  present: CursorStore;
  /** What was asked, in order. */
  readonly calls: StepName[] = [];
  /** What the calls of a step fail with, for as long as it stands here; nothing is written. */
  readonly broken = new Map<StepName, Error>();
  readonly #held: { readonly name: StepName; readonly call: HeldCall }[] = [];

  constructor(present: CursorStore) {
    this.present = present;
    this.cursorStore = new Proxy(present, {
      get: (first, name: StepName) =>
        first[name] === undefined
          ? undefined
          : (...values: never[]) =>
              this.#call(
                name,
                () => Reflect.apply(this.present[name]!, this.present, values) as unknown,
              ),
    });
  }

  /** The next call of that step that is not held yet. */
  hold(name: StepName): HeldCall {
    const call = new HeldCall();
    this.#held.push({ name, call });
    return call;
  }

  countOf(name: StepName): number {
    return this.calls.filter((call) => call === name).length;
  }

  async #call(name: StepName, work: () => unknown): Promise<unknown> {
    this.calls.push(name);
    const broken = this.broken.get(name);
    if (broken !== undefined) throw broken;
    const index = this.#held.findIndex((held) => held.name === name);
    if (index < 0) return work();
    return this.#held.splice(index, 1)[0]!.call.run(work);
  }
}
