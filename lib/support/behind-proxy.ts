type Method = (...given: unknown[]) => unknown;

interface Options {
  /** Members that only the object itself calls, which never go through a Proxy. */
  readonly except?: readonly string[];
  /**
   * Binds the methods at construction, which saves a look-up at each call. Otherwise a method that a test replaces
   * on the prototype later is called.
   */
  readonly fixed?: boolean;
}

/**
 * Lets an object's methods and accessors be reached through a Proxy of it, as Nest's `instrument.instanceDecorator`
 * and tracers make them: `this` is the object itself, since a Proxy has none of its private fields. Called at the
 * beginning of a constructor, it covers what subclasses override too.
 */
export function worksBehindProxy(object: object, { except = [], fixed }: Options = {}): void {
  const prototype = Object.getPrototypeOf(object) as Record<PropertyKey, unknown>;
  for (const [key, member] of members(prototype)) {
    if (except.includes(key as string)) continue;
    if (typeof member.value === 'function') {
      const method = member.value as Method;
      Object.defineProperty(object, key, {
        value:
          fixed === true
            ? method.bind(object)
            : (...given: unknown[]): unknown => (prototype[key] as Method).apply(object, given),
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

/** The members of the prototype chain, without `Object.prototype`; of each name the nearest. */
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
