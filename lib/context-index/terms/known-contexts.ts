import type { ContextQuery } from './context-plan.js';

/** Contexts that are remembered, and characters of each one's key, at most. */
const MAX_CONTEXTS = 4_096;
const MAX_KEY_CHARACTERS = 2_048;

/** A context's version at one moment. */
export interface KnownVersion {
  /** The newest match among the facts up to `head`, 0 when there is none. */
  readonly version: number;
  readonly head: number;
}

/** The versions of the contexts that were looked up last: an `appendIf` mostly follows its query at once. */
export class KnownContexts {
  readonly #versions = new Map<string, KnownVersion>();

  get({ key }: ContextQuery): KnownVersion | undefined {
    return this.#versions.get(key);
  }

  set({ key }: ContextQuery, { version, head }: KnownVersion): void {
    if (key.length > MAX_KEY_CHARACTERS) return;
    const known = this.#versions.get(key);
    if (known !== undefined && known.head >= head) return;
    // A Map keeps the order of insertion: the first one was learnt first.
    this.#versions.delete(key);
    this.#versions.set(key, { version, head });
    if (this.#versions.size > MAX_CONTEXTS) {
      this.#versions.delete(this.#versions.keys().next().value!);
    }
  }
}
