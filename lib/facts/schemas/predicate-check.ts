import type { JsonValue } from '../../contract/json-value.js';
import type { Changed, Shape } from './shapes/shape.js';

/**
 * Why a predicate on what readers see is none on what is stored.
 * - `supplied`: a member may be made up where it is read.
 * - `changed`: a member may be changed, or it is not known whether it is.
 * - `absent`: readers see no such member.
 * - `never`: the value is none of those that a member can have; the predicate matches nothing, stored or read.
 */
export interface PredicateProblem {
  readonly kind: 'supplied' | 'changed' | 'absent' | 'never';
  /** Without the positions in arrays. */
  readonly path: readonly string[];
  readonly by: string;
}

/**
 * Looks for a reason why stored facts and facts as they are read do not match a predicate alike.
 *
 * @param matchable paths, and all below them, that are stored as they are read, says who defined the type
 */
export function predicateProblem(
  shape: Shape,
  predicate: JsonValue,
  matchable: readonly string[],
): PredicateProblem | undefined {
  return new Walk(matchable).at(shape, predicate, []);
}

class Walk {
  constructor(readonly matchable: readonly string[]) {}

  at(shape: Shape, predicate: JsonValue, path: readonly string[]): PredicateProblem | undefined {
    switch (shape.kind) {
      case 'any':
        return undefined;
      case 'changed':
        return this.#changed(shape, predicate, path);
      case 'scalar':
        return this.#scalar(shape.only, predicate, path);
      case 'object':
        return this.#object(shape, predicate, path);
      case 'array':
        if (!Array.isArray(predicate)) return this.#absent(predicate, path);
        return worst(
          predicate.map((element) => this.#either(shape.elements(), element, path, new Budget())),
        );
      case 'either':
        return this.#either(shape.options(), predicate, path, new Budget());
      case 'merged':
        // Each of them may have members that the others do not have.
        return worst(
          chainsOf(predicate).map((one) => this.#either(shape.options(), one, path, new Budget())),
        );
      default:
        return worst(
          shape.options().map((one) => this.at(one, predicate, path)),
          CHANGES_FIRST,
        );
    }
  }

  #scalar(
    only: readonly unknown[] | undefined,
    predicate: JsonValue,
    path: readonly string[],
  ): PredicateProblem | undefined {
    if (typeof predicate === 'object' && predicate !== null) return this.#absent(predicate, path);
    if (only === undefined || only.includes(predicate)) return undefined;
    return { kind: 'never', path, by: '' };
  }

  #object(
    shape: Extract<Shape, { kind: 'object' }>,
    predicate: JsonValue,
    path: readonly string[],
  ): PredicateProblem | undefined {
    if (typeof predicate !== 'object' || predicate === null || Array.isArray(predicate)) {
      return this.#absent(predicate, path);
    }
    const problems = Object.keys(predicate).map((key) => {
      const [member, part, below] = [shape.member(key), predicate[key]!, [...path, key]];
      return member === undefined ? this.#absent(part, below) : this.at(member, part, below);
    });
    return worst(problems);
  }

  /** A problem of one option is one of all, unless the predicate tells that option from the others. */
  #either(
    options: readonly Shape[],
    predicate: JsonValue,
    path: readonly string[],
    budget: Budget,
  ): PredicateProblem | undefined {
    const problems = options.flatMap((option) => {
      if (option.kind !== 'either') return [this.at(option, predicate, path)];
      // A union that contains itself, with nothing in between, has no further options.
      if (--budget.unions < 0) return [];
      return [this.#either(option.options(), predicate, path, budget)];
    });
    const change = problems.find((one) => one?.kind === 'supplied' || one?.kind === 'changed');
    if (change !== undefined) return change;
    if (problems.includes(undefined)) return undefined;
    return deepest(problems) ?? this.#absent(predicate, path);
  }

  #changed(
    shape: Changed,
    predicate: JsonValue,
    path: readonly string[],
  ): PredicateProblem | undefined {
    const { by } = shape;
    if (shape.supplied) return { kind: 'supplied', path, by };
    if (!this.#isMatchable(predicate, path)) return { kind: 'changed', path, by };
    // What is said to be stored as it is read cannot be what is made up.
    const behind = shape.before && this.at(shape.before(), predicate, path);
    return behind?.kind === 'supplied' ? behind : undefined;
  }

  #absent(predicate: JsonValue, path: readonly string[]): PredicateProblem | undefined {
    return this.#isMatchable(predicate, path) ? undefined : { kind: 'absent', path, by: '' };
  }

  #isMatchable(predicate: JsonValue, path: readonly string[]): boolean {
    if (this.matchable.length === 0) return false;
    return leavesOf(predicate, path).every((leaf) => {
      const name = leaf.join('.');
      return this.matchable.some((known) => name === known || name.startsWith(`${known}.`));
    });
  }
}

/** How many unions within unions are looked into for one member. */
class Budget {
  unions = 100;
}

/** What one schema excludes, another one may have changed. */
const CHANGES_FIRST = ['supplied', 'changed', 'never', 'absent'] as const;

/** Of the parts of a predicate, of which all are to be contained. */
function worst(
  problems: readonly (PredicateProblem | undefined)[],
  order: readonly PredicateProblem['kind'][] = ['never', 'supplied', 'changed', 'absent'],
): PredicateProblem | undefined {
  for (const kind of order) {
    const found = problems.find((problem) => problem?.kind === kind);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The option that has most of the path is the one that was meant. What one option stores and does not hand to readers
 * is stored, also where no other option has it.
 */
function deepest(
  problems: readonly (PredicateProblem | undefined)[],
): PredicateProblem | undefined {
  const found = problems.filter((problem) => problem !== undefined);
  const stored = found.filter(({ kind }) => kind !== 'never');
  return (stored.length > 0 ? stored : found).reduce<PredicateProblem | undefined>(
    (best, one) => (best !== undefined && best.path.length >= one.path.length ? best : one),
    undefined,
  );
}

/** A predicate in parts with one member each; it is contained where all of them are. */
function chainsOf(value: JsonValue): JsonValue[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [value];
  const chains = Object.keys(value).flatMap((key) =>
    chainsOf(value[key]!).map((chain) => ({ [key]: chain })),
  );
  return chains.length === 0 ? [value] : chains;
}

/** The paths of a predicate's scalars and empty containers. */
function leavesOf(value: JsonValue, path: readonly string[]): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const leaves = Array.isArray(value)
    ? value.flatMap((element) => leavesOf(element, path))
    : Object.keys(value).flatMap((key) => leavesOf(value[key]!, [...path, key]));
  return leaves.length === 0 ? [path] : leaves;
}
