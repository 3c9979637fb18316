import type { InstanceWrapper } from '../application-modules.js';

/** What may hold handlers: an instance of the application, or the class of an instance that is made per request. */
export interface Holder {
  readonly instance: unknown;
  /** Where the methods are. */
  readonly prototype: object;
  /** The class, where it is known. */
  readonly type: unknown;
  /** The module and token that provide it, for messages. */
  readonly place: string;
}

const IDENTITY = Symbol('nestjs-factstr:identity');

/** The holder of a provider or controller; `undefined` where it has no methods. */
export function holderOf(wrapper: InstanceWrapper, module: string): Holder | undefined {
  const { metatype, token } = wrapper;
  const place = `${module} as ${nameOf(token)}`;
  if (!wrapper.isNotMetatype && typeof metatype === 'function') {
    // A scoped class has no instance yet; its decorators are found all the same, to be refused.
    const { instance } = wrapper as { instance: unknown };
    const prototype = metatype.prototype as object | undefined;
    const single = isScoped(wrapper) ? undefined : instance;
    return prototype && { instance: single, prototype, type: metatype, place };
  }
  const instance: unknown = wrapper.instance ?? transientInstance(wrapper);
  if (isObject(instance)) {
    const prototype = Object.getPrototypeOf(instance) as object | null;
    if (prototype === null || prototype === Object.prototype) return undefined;
    return { instance, prototype, type: prototype.constructor, place };
  }
  // A scoped provider's factory has made nothing yet: its token may be the class.
  const prototype: unknown = typeof token === 'function' && isScoped(wrapper) && token.prototype;
  return isObject(prototype) ? { instance, prototype, type: token, place } : undefined;
}

/** One of a transient provider's instances, each made for a provider that injects it. */
function transientInstance(wrapper: InstanceWrapper): unknown {
  return wrapper.isTransient ? wrapper.getStaticTransientInstances()[0]?.instance : undefined;
}

function isScoped(wrapper: InstanceWrapper): boolean {
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}

/**
 * One object for each instance, whichever Proxies of it stand under further tokens: a mark on the instance, which its
 * Proxies show as their own.
 */
export function identityOf(instance: unknown): object | undefined {
  if (!isObject(instance)) return undefined;
  try {
    const mark: unknown = Object.getOwnPropertyDescriptor(instance, IDENTITY)?.value;
    if (isObject(mark)) return mark;
    const identity = {};
    if (Reflect.defineProperty(instance, IDENTITY, { value: identity })) return identity;
  } catch {
    // A Proxy that lets nothing through is itself, and so is a frozen object.
  }
  return instance;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function nameOf(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}
