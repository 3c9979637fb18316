import { JsonRefusal, printPath } from '../contract/json-value.js';

/** Containers of JSON data that were checked and frozen, with the length of their JSON text. */
const sizes = new WeakMap<object, number>();

/** Levels that are checked at once, at most. */
const MAX_LEVELS = 1_000;

type Path = (string | number)[];

/**
 * Checks that a value is JSON data only, freezes it and all below it, and returns the length of its JSON text. What
 * was frozen here before is passed over: a large state of which little changes costs little.
 *
 * @throws JsonRefusal
 */
export function freezeJson(value: unknown): number {
  return take(value, [], true);
}

/**
 * As `freezeJson`, and freezes nothing.
 *
 * @throws JsonRefusal
 */
export function checkJson(value: unknown): void {
  take(value, [], false);
}

function take(value: unknown, path: Path, freezes: boolean): number {
  switch (typeof value) {
    case 'string':
      // Without what escapes add.
      return value.length + 2;
    case 'number':
      if (!Number.isFinite(value)) refuse(`${value} is not a JSON number`, path);
      return value >= 0 && value < 10 && Number.isInteger(value) ? 1 : String(value).length;
    case 'boolean':
      return value ? 4 : 5;
    case 'object':
      return value === null ? 4 : (sizes.get(value) ?? takeContainer(value, path, freezes));
    case 'undefined':
      return refuse('undefined has no JSON form; leave the member out, or use null', path);
    case 'bigint':
      return refuse('a bigint has no JSON form; keep it as text', path);
    default:
      return refuse(`a ${typeof value} has no JSON form`, path);
  }
}

function takeContainer(container: object, path: Path, freezes: boolean): number {
  if (path.length >= MAX_LEVELS) {
    refuse(`it contains itself, or is nested beyond ${MAX_LEVELS} levels`, path.slice(0, 3));
  }
  const size = Array.isArray(container)
    ? takeArray(container, path, freezes)
    : takeObject(container, path, freezes);
  if (freezes) {
    Object.freeze(container);
    sizes.set(container, size);
  }
  return size;
}

function takeArray(array: readonly unknown[], path: Path, freezes: boolean): number {
  if (prototypesOf(array) !== 2) refuse(notPlain(array), path);
  // Brackets, and commas between the elements.
  let size = Math.max(2, array.length + 1);
  const level = path.length;
  path.push(0);
  for (let index = 0; index < array.length; index++) {
    path[level] = index;
    size += take(array[index], path, freezes);
  }
  path.pop();
  return size;
}

function takeObject(object: object, path: Path, freezes: boolean): number {
  if (prototypesOf(object) > 1) refuse(notPlain(object), path);
  const keys = Object.keys(object);
  let size = Math.max(2, keys.length + 1);
  const level = path.length;
  path.push('');
  for (const key of keys) {
    path[level] = key;
    // The key's quotes, and the colon.
    size += key.length + 3 + take((object as Record<string, unknown>)[key], path, freezes);
  }
  path.pop();
  if (Object.getOwnPropertySymbols(object).length > 0) {
    refuse('a member whose key is a symbol has no JSON form', path);
  }
  return size;
}

/** How many prototypes a value has: 1 for plain objects, 2 for plain arrays, of whatever realm; more for a class's. */
function prototypesOf(value: object): number {
  let count = 0;
  let prototype: unknown = Object.getPrototypeOf(value);
  for (; prototype !== null && count < 3; count++) prototype = Object.getPrototypeOf(prototype);
  return count;
}

function notPlain(value: object): string {
  switch (Object.prototype.toString.call(value)) {
    case '[object Map]':
      return 'a Map has no JSON form; use an object';
    case '[object Set]':
      return 'a Set has no JSON form; use an object, or an array';
    case '[object Date]':
      return 'a Date has no JSON form; keep its toISOString()';
    case '[object Promise]':
      return 'it is a promise; it has to be there at once';
    default:
      return `${classOf(value)} is no plain object`;
  }
}

function classOf(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name === '' ? 'an object of a class' : `an object of the class ${name}`;
}

function refuse(reason: string, path: Path): never {
  throw new JsonRefusal(reason, printPath(path));
}
