import { InvalidOptionsError } from '../../contract/errors.js';
import { messages } from '../messages.js';

/** What Nest would apply to a route, and cannot apply here. */
const ENHANCERS: Readonly<Record<string, string>> = {
  __guards__: 'guards',
  __interceptors__: 'interceptors',
  __pipes__: 'pipes',
  __exceptionFilters__: 'exception filters',
};

/** Nest's marks of classes whose other methods are called from outside: what such a class carries is for those. */
const ENTRANCES = ['__controller__', 'websockets:is_gateway', 'graphql:resolver_type'];

/**
 * A guard that is never asked would be believed in: on a handler's method it is refused, and on its class too,
 * unless the class is one for which Nest applies it to other methods.
 *
 * @throws InvalidOptionsError
 */
export function checkEnhancers(method: object, type: unknown, label: string): void {
  for (const [key, enhancer] of Object.entries(ENHANCERS)) {
    if (Reflect.hasMetadata(key, method)) {
      throw new InvalidOptionsError(messages.enhanced(label, enhancer));
    }
    if (typeof type !== 'function' || ENTRANCES.some((mark) => Reflect.hasMetadata(mark, type))) {
      continue;
    }
    if (Reflect.hasMetadata(key, type)) {
      throw new InvalidOptionsError(messages.enhancedClass(label, enhancer));
    }
  }
}
