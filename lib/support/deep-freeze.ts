/**
 * Freezes a JSON value, or a record holding one, and all below it. Iterates: a fact may be of any depth. What is
 * neither a plain object nor an array is left as it is: a schema may have made it.
 */
export function deepFreeze<T extends object>(root: T): T {
  const pending: object[] = [root];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value !== root && (Object.isFrozen(value) || !isPlain(value))) continue;
    Object.freeze(value);
    for (const member of Object.values(value)) {
      if (typeof member === 'object' && member !== null) pending.push(member as object);
    }
  }
  return root;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
