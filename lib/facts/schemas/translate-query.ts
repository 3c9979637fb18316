import { InvalidQueryError } from '../../contract/errors.js';
import { printPath, refusalOf, toJsonValue } from '../../contract/json-value.js';
import type { JsonValue } from '../../contract/json-value.js';
import { DEFAULT_LIMITS } from '../../contract/limits.js';
import type { PreparedFilter, PreparedQuery } from '../../contract/validation.js';
import type { DefinedFact, DefinedUpcast } from './definitions.js';
import { predicateProblem } from './predicate-check.js';
import type { PredicateProblem } from './predicate-check.js';
import type { Registry } from './registry.js';
import { shapeOf } from './shapes/shape-of.js';

/**
 * A query on facts as they are read, as one on facts as they are stored: former types join the types that have replaced
 * them, with predicates of their own. A query that means the same of both is returned as it is.
 *
 * @throws InvalidQueryError for a former type, and for predicates that cannot be translated
 */
export function translateQuery(registry: Registry, query: PreparedQuery): PreparedQuery {
  const { filters } = query;
  if (filters === null || filters.length === 0) return query;
  const stored = filters.flatMap((filter, index) => translateFilter(registry, filter, index));
  const isSame = stored.length === filters.length && stored.every((one, at) => one === filters[at]);
  return isSame ? query : { ...query, filters: stored };
}

function translateFilter(
  registry: Registry,
  filter: PreparedFilter,
  index: number,
): readonly PreparedFilter[] {
  const { event_types, payload_predicates } = filter;
  const subject = `Filter ${index} of the query`;
  if (event_types === null) {
    if (payload_predicates !== null) checkEveryType(registry, payload_predicates, subject);
    return [filter];
  }
  const former = event_types.map((type) => registry.former(type)).find((one) => one !== undefined);
  if (former !== undefined) {
    throw new InvalidQueryError(
      `${subject} names the type ${JSON.stringify(former.type)}, whose facts are read as ${JSON.stringify(former.now.type)}. Query that type: it finds both.`,
    );
  }
  if (payload_predicates === null || payload_predicates.length === 0) {
    const all = event_types.flatMap((type) => [type, ...(registry.find(type)?.from.keys() ?? [])]);
    return all.length === event_types.length ? [filter] : [{ ...filter, event_types: all }];
  }
  return new TypedFilter(registry, filter, subject).translated(event_types, payload_predicates);
}

/** A filter with types and predicates. */
class TypedFilter {
  readonly #registry: Registry;
  readonly #filter: PreparedFilter;
  readonly #subject: string;

  constructor(registry: Registry, filter: PreparedFilter, subject: string) {
    this.#registry = registry;
    this.#filter = filter;
    this.#subject = subject;
  }

  translated(
    types: readonly string[],
    predicates: readonly JsonValue[],
  ): readonly PreparedFilter[] {
    const known = types.map((type) => this.#registry.find(type));
    // Of each predicate the types whose facts can contain it, as they are read.
    const fits = predicates.map((predicate) => this.#fitting(known, predicate));
    if (fits.every((fit) => fit.every(Boolean)) && known.every((one) => !one?.from.size)) {
      return [this.#filter];
    }
    const filters: PreparedFilter[] = [];
    for (const [at, type] of types.entries()) {
      const own = predicates.filter((_, one) => fits[one]![at]);
      add(filters, type, own);
      for (const [old, upcast] of known[at]?.from ?? []) {
        const parts = own.flatMap((part) => this.#former(known[at]!, old, upcast, part));
        add(filters, old, parts);
      }
    }
    return filters;
  }

  /** Which of the types can contain the predicate. */
  #fitting(types: readonly (DefinedFact | undefined)[], predicate: JsonValue): boolean[] {
    const problems = types.map((type) => type && problemOf(type, predicate, this.#subject));
    const absent = problems.every((problem) => problem?.kind === 'absent');
    if (absent) throw absentMember(types[0]!, problems[0]!, this.#subject);
    return problems.map((problem) => problem?.kind !== 'absent');
  }

  /** The predicate on a former type. */
  #former(
    { type }: DefinedFact,
    old: string,
    { where }: DefinedUpcast,
    predicate: JsonValue,
  ): JsonValue[] {
    const names = `facts of ${JSON.stringify(old)}, which are read as ${JSON.stringify(type)}`;
    if (where === undefined) {
      throw new InvalidQueryError(
        `${this.#subject} has payload predicates, and nothing says what they are on ${names}. Give the former type a where in the definition: from: { ${JSON.stringify(old)}: { up, where: (part) => … } }; or query without predicates and filter what is read.`,
      );
    }
    let parts: unknown;
    try {
      parts = where(predicate);
      if (parts === undefined) throw new Unanswered();
      const list = Array.isArray(parts) ? (parts as unknown[]) : [parts];
      return Array.from(list, (part) => toJsonValue(part, DEFAULT_LIMITS.maxPayloadBytes));
    } catch (error) {
      if (error instanceof Unanswered) {
        throw new InvalidQueryError(
          `${this.#subject} has a payload predicate that where of the definition does not translate to one on ${names}. Query by other members, or let where return it.`,
        );
      }
      const { path, reason, cause } = refusalOf(error);
      throw new InvalidQueryError(
        `${this.#subject}: what where of the definition makes of a payload predicate is none on ${names}: at ${path}, ${reason}.`,
        { cause: cause ?? error },
      );
    }
  }
}

class Unanswered extends Error {}

/** Adds a type to the filter with those predicates, or a filter of its own. */
function add(filters: PreparedFilter[], type: string, predicates: readonly JsonValue[]): void {
  if (predicates.length === 0) return;
  const at = filters.findIndex(({ payload_predicates }) => {
    const there = payload_predicates!;
    return there.length === predicates.length && there.every((one, i) => one === predicates[i]);
  });
  if (at === -1) filters.push({ event_types: [type], payload_predicates: predicates });
  else filters[at] = { ...filters[at]!, event_types: [...filters[at]!.event_types!, type] };
}

/** @throws InvalidQueryError where the predicate is none on stored facts */
function problemOf(
  { type, schema, matchable }: DefinedFact,
  predicate: JsonValue,
  subject: string,
): PredicateProblem | undefined {
  const problem = predicateProblem(shapeOf(schema), predicate, matchable);
  if (problem === undefined || problem.kind === 'absent' || problem.kind === 'never') {
    return problem;
  }
  const { kind, by, path } = problem;
  const [member, name] = [printPath(path), JSON.stringify(type)];
  const example = JSON.stringify(path.join('.')).replaceAll('"', "'");
  throw new InvalidQueryError(
    kind === 'supplied'
      ? `${subject} has a payload predicate on ${member} of ${name}, which ${by} may supply: a fact that is stored without it would be missed. Query by other members, and filter what is read.`
      : `${subject} has a payload predicate on ${member} of ${name}, and ${by} may change it: facts are matched as they are stored. Query by other members; or, if it is stored as it is read, say so in the definition: { schema, matchable: [${path.length === 0 ? "'…'" : example}] }.`,
  );
}

function absentMember({ type }: DefinedFact, { path }: PredicateProblem, subject: string): Error {
  return new InvalidQueryError(
    `${subject} has a payload predicate on ${printPath(path)}, which the schema of ${JSON.stringify(type)} does not have: no fact would show it. Correct the predicate; or, for a member that is stored and not read, list it in the definition: { schema, matchable: ['…'] }.`,
  );
}

/** @throws InvalidQueryError where a filter without types needs them */
function checkEveryType(
  registry: Registry,
  predicates: readonly JsonValue[],
  subject: string,
): void {
  if (predicates.length > 0 && registry.hasFormer) {
    throw new InvalidQueryError(
      `${subject} has payload predicates and no types, and facts of former types are stored otherwise than they are read. Name the types: facts('…').where(…).`,
    );
  }
  for (const predicate of predicates) {
    for (const type of registry.types) problemOf(type, predicate, subject);
  }
}
