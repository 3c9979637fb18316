import { types } from 'node:util';
import { isInstance } from '../support/describe-error.js';
import { MAX_NESTING } from './limits.js';

/** What `JSON.parse` can return. */
export type JsonValue =
  null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** Why a value cannot be a payload; `path` is where, as in `$.lines[2].price`. */
export class JsonRefusal extends Error {
  constructor(
    readonly reason: string,
    readonly path: string,
    /** Whether a size limit was passed, as against a value of the wrong kind. */
    readonly tooLarge = false,
    options?: { cause?: unknown },
  ) {
    super(reason, options);
  }
}

/**
 * The JSON round trip of a value, as `JSON.stringify` would take it but without its silent losses: a copy made
 * of plain arrays and objects only. `maxNodes` bounds the work on values that share substructures.
 *
 * @throws JsonRefusal
 */
export function toJsonValue(value: unknown, maxNodes: number): JsonValue {
  const copier = new JsonCopier(maxNodes);
  try {
    return copier.copy(value);
  } catch (error) {
    throw refusalOf(error, copier.path);
  }
}

/** The refusal for an error that reading a value threw; the error of a `toJSON` or getter becomes its `cause`. */
export function refusalOf(error: unknown, path = '$'): JsonRefusal {
  if (isInstance(error, JsonRefusal)) return error;
  return new JsonRefusal('it throws when it is read', path, false, { cause: error });
}

class JsonCopier {
  readonly #path: (string | number)[] = [];
  readonly #ancestors: object[] = [];
  #remainingNodes: number;

  constructor(maxNodes: number) {
    this.#remainingNodes = maxNodes;
  }

  copy(value: unknown): JsonValue {
    return this.#copyPlain(this.#plain(value));
  }

  /** The path of the value that is being copied. */
  get path(): string {
    return printPath(this.#path);
  }

  #copyPlain(plain: unknown): JsonValue {
    switch (typeof plain) {
      case 'string':
        this.#checkText(plain, 'text');
        return plain;
      case 'number':
        if (!Number.isFinite(plain)) this.#refuse(`${plain} is not a JSON number`);
        // JSON has no negative zero: its text is "0".
        return plain === 0 ? 0 : plain;
      case 'boolean':
        return plain;
      case 'undefined':
        return this.#refuse('undefined has no JSON form');
      case 'bigint':
        return this.#refuse('a bigint has no JSON form; pass it as text or as a number');
      case 'function':
      case 'symbol':
        return this.#refuse(`a ${typeof plain} has no JSON form`);
      default:
        return plain === null ? null : this.#copyContainer(plain as object);
    }
  }

  /** Applies `toJSON` and unboxes, as `JSON.stringify` does. */
  #plain(value: unknown): unknown {
    let plain = value;
    if (typeof plain === 'object' && plain !== null) {
      const { toJSON } = plain as { toJSON?: unknown };
      if (typeof toJSON === 'function') {
        const key = this.#path.at(-1);
        plain = toJSON.call(plain, key === undefined ? '' : String(key)) as unknown;
      }
    }
    return types.isBoxedPrimitive(plain) ? plain.valueOf() : plain;
  }

  #copyContainer(container: object): JsonValue {
    if (types.isMap(container) || types.isSet(container)) {
      this.#refuse(
        `a ${types.isMap(container) ? 'Map' : 'Set'} would become {}; pass an object or an array`,
      );
    }
    if (this.#ancestors.length >= MAX_NESTING) {
      this.#refuse(
        this.#ancestors.includes(container)
          ? 'it contains itself'
          : `it is nested beyond ${MAX_NESTING} levels`,
        this.#path.slice(0, 3),
      );
    }
    this.#ancestors.push(container);
    const copy = Array.isArray(container)
      ? this.#copyArray(container)
      : this.#copyObject(container);
    this.#ancestors.pop();
    return copy;
  }

  #copyArray(source: unknown[]): JsonValue {
    const copy: JsonValue[] = [];
    for (let index = 0; index < source.length; index++) {
      this.#countNode();
      this.#path.push(index);
      copy.push(this.copy(source[index]));
      this.#path.pop();
    }
    return copy;
  }

  #copyObject(source: object): JsonValue {
    const copy: { [key: string]: JsonValue } = {};
    for (const key of Object.keys(source)) {
      this.#path.push(key);
      const member = this.#plain((source as Record<string, unknown>)[key]);
      if (member !== undefined) {
        this.#countNode();
        this.#checkText(key, 'a key');
        setOwn(copy, key, this.#copyPlain(member));
      }
      this.#path.pop();
    }
    return copy;
  }

  #checkText(text: string, what: string): void {
    const problem = textProblem(text);
    if (problem !== undefined) this.#refuse(`${what} ${problem}`);
  }

  #countNode(): void {
    if (--this.#remainingNodes < 0) {
      throw new JsonRefusal('it has more values than the payload limit admits', '$', true);
    }
  }

  #refuse(reason: string, path: readonly (string | number)[] = this.#path): never {
    throw new JsonRefusal(reason, printPath(path));
  }
}

/** A copy of a JSON value, of plain arrays and objects. */
export function copyJson(value: JsonValue): JsonValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(copyJson);
  const copy: { [key: string]: JsonValue } = {};
  for (const key of Object.keys(value)) setOwn(copy, key, copyJson(value[key]!));
  return copy;
}

/** Why a text cannot be stored on every provider, or `undefined` when it can. */
export function textProblem(text: string): string | undefined {
  if (text.includes('\u0000')) return 'contains the character U+0000, which Postgres cannot store';
  if (!text.isWellFormed()) return 'contains a lone surrogate, which UTF-8 cannot carry';
  return undefined;
}

/** Sets a member also when it is called `__proto__`, which an assignment would take for the prototype. */
function setOwn(target: { [key: string]: JsonValue }, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    target[key] = value;
  }
}

/** Steps of a long path that are printed at each end. */
const MAX_PRINTED_STEPS = 4;
/** Characters of a key that are printed. */
const MAX_PRINTED_KEY_CHARS = 40;

/** Where in a value, as in `$.lines[2].price`. */
export function printPath(path: readonly (string | number)[]): string {
  if (path.length <= 2 * MAX_PRINTED_STEPS) return `$${path.map(printStep).join('')}`;
  const [first, last] = [path.slice(0, MAX_PRINTED_STEPS), path.slice(-MAX_PRINTED_STEPS)];
  return `$${first.map(printStep).join('')}…${last.map(printStep).join('')}`;
}

function printStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  const key = step.slice(0, MAX_PRINTED_KEY_CHARS);
  return /^[A-Za-z_$][\w$]*$/.test(step) && key === step ? `.${key}` : `[${JSON.stringify(key)}]`;
}
