type Method = (...given: unknown[]) => unknown;

/**
 * Lets an object's methods and accessors be reached through a Proxy of it, as Nest's `instrument.instanceDecorator`
 * and tracers make them: `this` is the object itself, since a Proxy has none of its private fields. Called at the
 * beginning of a constructor. What a subclass overrides, or a test replaces on the prototype, is called as ever.
 */
export function worksBehindProxy(object: object): void {
  const prototype = Object.getPrototypeOf(object) as Record<PropertyKey, unknown>;
  for (const [key, member] of members(prototype)) {
    if (typeof member.value === 'function') {
      Object.defineProperty(object, key, {
        value: (...given: unknown[]): unknown => (prototype[key] as Method).apply(object, given),
        configurable: true,
        writable: true,
      });
    } else if (member.get !== undefined) {
      Object.defineProperty(object, key, {
        get: (): unknown => Reflect.get(prototype, key, object),
        configurable: true,
      });
    }
  }
}

/** What instances have of their classes; the nearest one of each name. */
function members(prototype: object): Map<PropertyKey, PropertyDescriptor> {
  const found = new Map<PropertyKey, PropertyDescriptor>();
  for (
    let level: object | null = prototype;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    for (const key of Reflect.ownKeys(level)) {
      if (key === 'constructor' || found.has(key)) continue;
      found.set(key, Object.getOwnPropertyDescriptor(level, key)!);
    }
  }
  return found;
}
