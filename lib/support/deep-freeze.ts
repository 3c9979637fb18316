/** Freezes a JSON value, or a record holding one, and all below it. Iterates: a fact may be of any depth. */
export function deepFreeze<T extends object>(root: T): T {
  const pending: object[] = [root];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Object.isFrozen(value) && value !== root) continue;
    Object.freeze(value);
    for (const member of Object.values(value)) {
      if (typeof member === 'object' && member !== null) pending.push(member as object);
    }
  }
  return root;
}
