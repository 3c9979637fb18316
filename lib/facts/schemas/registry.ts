import { InvalidSchemaError } from '../../contract/errors.js';
import type { DefinedFact, DefinedUpcast } from './definitions.js';

/** A type whose facts are read as another one. */
export interface FormerType {
  readonly type: string;
  readonly upcast: DefinedUpcast;
  /** The type that has replaced it. */
  readonly now: DefinedFact;
}

/** Every type of one store: those that are written, and the former ones. */
export class Registry {
  readonly #types = new Map<string, DefinedFact>();
  readonly #former = new Map<string, FormerType>();
  /** Whether a query that names no types is answered by stored facts as they are. */
  readonly hasFormer: boolean;

  /** @throws InvalidSchemaError where a type is defined twice, or is written and a former one at once */
  constructor(sets: readonly ReadonlyMap<string, DefinedFact>[]) {
    for (const set of sets) for (const defined of set.values()) this.#add(defined);
    for (const now of this.#types.values()) {
      for (const [type, upcast] of now.from) this.#addFormer({ type, upcast, now });
    }
    this.hasFormer = this.#former.size > 0;
  }

  get types(): Iterable<DefinedFact> {
    return this.#types.values();
  }

  find(type: string): DefinedFact | undefined {
    return this.#types.get(type);
  }

  former(type: string): FormerType | undefined {
    return this.#former.get(type);
  }

  #add(defined: DefinedFact): void {
    const { type } = defined;
    if (this.#types.has(type)) {
      throw new InvalidSchemaError(
        `The type ${JSON.stringify(type)} is defined twice. Define it in one place, and give each definition to the store once.`,
      );
    }
    this.#types.set(type, defined);
  }

  #addFormer(former: FormerType): void {
    const { type, now } = former;
    const [old, current] = [JSON.stringify(type), JSON.stringify(now.type)];
    if (this.#types.has(type)) {
      throw new InvalidSchemaError(
        `The type ${old} has a schema of its own and is a former type of ${current}. What is read as ${current} is not written any more: leave one of the two out.`,
      );
    }
    const other = this.#former.get(type);
    if (other !== undefined) {
      throw new InvalidSchemaError(
        `The type ${old} is a former type of ${JSON.stringify(other.now.type)} and of ${current}. A fact is read as one type: leave one of the two out.`,
      );
    }
    this.#former.set(type, former);
  }
}
