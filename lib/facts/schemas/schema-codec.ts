import type { EventRecord, MaybePromise, NewEvent } from '../../contract/contract.types.js';
import {
  InvalidFactError,
  InvalidSchemaError,
  InvalidStoredFactError,
  UnregisteredTypeError,
} from '../../contract/errors.js';
import type { FactChecks, FactCodec } from '../../contract/fact-codec.js';
import { copyJson } from '../../contract/json-value.js';
import type { JsonValue } from '../../contract/json-value.js';
import type { PreparedFact, PreparedQuery } from '../../contract/validation.js';
import { isThenable } from '../../support/async/is-thenable.js';
import { isForeignFact } from '../fact-map.js';
import type { DefinedFact } from './definitions.js';
import type { FormerType, Registry } from './registry.js';
import { translateQuery } from './translate-query.js';
import { AsynchronousSchema, validate } from './validate.js';
import type { Validated } from './validate.js';

/** Between facts as they are stored (the schemas' input) and as readers get them (their output). */
export class SchemaCodec implements FactCodec {
  readonly #registry: Registry;
  /** Events that `checks` has let pass. */
  readonly #passed = new WeakSet<NewEvent>();
  readonly checks: FactChecks | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
    if ([...registry.types].some(({ check }) => check !== undefined)) {
      this.checks = {
        concern: (events) => events.some((event) => this.#checkOf(event) !== undefined),
        run: (facts, events) => this.#check(facts, events),
      };
    }
  }

  translate(query: PreparedQuery): PreparedQuery {
    return translateQuery(this.#registry, query);
  }

  decode(record: EventRecord): EventRecord {
    const now = this.#registry.find(record.event_type);
    if (now !== undefined) {
      return { ...record, payload: read(record, validate(now.schema, own(record.payload))) };
    }
    const former = this.#registry.former(record.event_type);
    if (former === undefined) return record;
    return { ...record, event_type: former.now.type, payload: readFormer(record, former) };
  }

  knows(type: string): boolean {
    return this.#registry.find(type) !== undefined || this.#registry.former(type) !== undefined;
  }

  admit(facts: readonly PreparedFact[], events: readonly NewEvent[]): void {
    for (const [index, fact] of facts.entries()) {
      const event = events[index]!;
      if (this.#passed.has(event)) continue;
      const { check, payload } = this.#admit(fact, event, index);
      if (check === undefined) continue;
      const verdict = check(payload);
      if (isThenable(verdict)) {
        verdict.then(undefined, () => undefined);
        throw new InvalidFactError(
          `checkAppend of ${JSON.stringify(fact.event_type)} is asynchronous, and this store's own methods do not wait for it. Append with FactstrStore. Nothing was written.`,
          { event_type: fact.event_type, paths: ['$'] },
        );
      }
      if (verdict === false) throw refusedByCheck(fact, index);
    }
  }

  /** All checks begin at once; the first refusal counts. */
  #check(facts: readonly PreparedFact[], events: readonly NewEvent[]): MaybePromise<void> {
    const admitted = facts.map((fact, index) => this.#admit(fact, events[index]!, index));
    const pass = (verdicts: readonly unknown[]): void => {
      const refused = verdicts.indexOf(false);
      if (refused !== -1) throw refusedByCheck(facts[refused]!, refused);
      for (const event of events) this.#passed.add(event);
    };
    const verdicts = admitted.map(({ check, payload }) => check?.(payload));
    return verdicts.some(isThenable) ? Promise.all(verdicts).then(pass) : pass(verdicts);
  }

  /** The fact's check, and its payload as it will be read. @throws UnregisteredTypeError, InvalidFactError */
  #admit(
    { event_type, payload }: PreparedFact,
    event: NewEvent,
    index: number,
  ): { check: DefinedFact['check']; payload: unknown } {
    const defined = this.#registry.find(event_type);
    if (defined === undefined) {
      const former = this.#registry.former(event_type);
      if (!isForeignFact(event)) throw unregistered(event_type, index, former);
      if (former === undefined) return { check: undefined, payload };
      // It is read as the new type: it has to be one.
      const made = upcasted(copyJson(payload), former);
      if ('value' in made) return { check: former.now.check, payload: made.value };
      throw misfit(event_type, index, made);
    }
    const validated = validate(defined.schema, copyJson(payload));
    if ('value' in validated) return { check: defined.check, payload: validated.value };
    throw misfit(event_type, index, validated);
  }

  #checkOf(event: unknown): DefinedFact['check'] {
    const { event_type } = (event ?? {}) as Partial<NewEvent>;
    if (typeof event_type !== 'string') return undefined;
    const defined = this.#registry.find(event_type) ?? this.#registry.former(event_type)?.now;
    return defined?.check;
  }
}

/** A payload that a schema may change: the records of streams are shared, and frozen. */
function own(payload: unknown): unknown {
  return Object.isFrozen(payload) ? copyJson(payload as JsonValue) : payload;
}

function read(record: EventRecord, validated: Validated): unknown {
  if ('value' in validated) return validated.value;
  throw unreadable(record, 'does not fit its schema', validated);
}

function readFormer(record: EventRecord, former: FormerType): unknown {
  const made = upcasted(own(record.payload), former);
  if ('value' in made) return made.value;
  throw unreadable(record, `cannot be read as ${JSON.stringify(former.now.type)}`, made);
}

/** A payload of a former type as one of the type that has replaced it. */
function upcasted(payload: unknown, { type, upcast, now }: FormerType): Validated {
  let old = payload;
  if (upcast.schema !== undefined) {
    const validated = validate(upcast.schema, old);
    if (!('value' in validated)) return validated;
    old = validated.value;
  }
  try {
    const made = upcast.up(old);
    if (!isThenable(made)) return validate(now.schema, made);
    made.then(undefined, () => undefined);
    return {
      thrown: new TypeError(`up of the former type ${JSON.stringify(type)} returned a promise`),
    };
  } catch (thrown) {
    return { thrown };
  }
}

type Unfit = Exclude<Validated, { readonly value: unknown }>;

function unreadable(record: EventRecord, how: string, unfit: Unfit): InvalidStoredFactError {
  const { sequence_number, event_type } = record;
  return new InvalidStoredFactError(
    `Fact ${sequence_number} (${JSON.stringify(event_type)}) ${how}: ${reasonOf(unfit)}. Let the schema admit what is stored, or give what has changed a type of its own with from.`,
    { sequence_number, event_type, ...placesOf(unfit) },
  );
}

function misfit(
  event_type: string,
  index: number,
  unfit: Unfit,
): InvalidFactError | InvalidSchemaError {
  if ('thrown' in unfit && unfit.thrown instanceof AsynchronousSchema) {
    return new InvalidSchemaError(
      `Event ${index} (${JSON.stringify(event_type)}) cannot be checked: ${reasonOf(unfit)}. Nothing was written.`,
    );
  }
  return new InvalidFactError(
    `Event ${index} (${JSON.stringify(event_type)}) does not fit its schema: ${reasonOf(unfit)}. Nothing was written.`,
    { event_type, ...placesOf(unfit) },
  );
}

function refusedByCheck({ event_type }: PreparedFact, index: number): InvalidFactError {
  return new InvalidFactError(
    `Event ${index} (${JSON.stringify(event_type)}) was refused by checkAppend of its type. Nothing was written.`,
    { event_type, paths: ['$'] },
  );
}

function reasonOf(unfit: Unfit): string {
  if ('text' in unfit) return unfit.text;
  return unfit.thrown instanceof AsynchronousSchema
    ? 'the schema is asynchronous (what is, belongs into the definition’s checkAppend)'
    : 'a function of the definition threw';
}

function placesOf(unfit: Unfit): { paths: string[]; cause?: unknown } {
  if ('paths' in unfit) return { paths: [...unfit.paths] };
  return unfit.thrown instanceof AsynchronousSchema
    ? { paths: ['$'] }
    : { paths: ['$'], cause: unfit.thrown };
}

function unregistered(
  type: string,
  index: number,
  former: FormerType | undefined,
): UnregisteredTypeError {
  const subject = `Event ${index} is of the type ${JSON.stringify(type)}, which`;
  return new UnregisteredTypeError(
    former === undefined
      ? `${subject} has no schema. Define it in defineFacts, or append it with foreignFact. Nothing was written.`
      : `${subject} is not written any more: append ${JSON.stringify(former.now.type)}; or, where older processes still read it, foreignFact. Nothing was written.`,
    { event_type: type },
  );
}
