import { InvalidOptionsError } from '../../contract/errors.js';
import { messages } from '../messages.js';

/** What Nest would apply to a route, and cannot apply here. */
const ENHANCERS: Readonly<Record<string, string>> = {
  __guards__: 'guards',
  __interceptors__: 'interceptors',
  __pipes__: 'pipes',
  __exceptionFilters__: 'exception filters',
};

/** Nest's marks of classes whose other methods are called from outside: their class's enhancers are for those. */
const ENTRANCES = ['__controller__', 'websockets:is_gateway', 'graphql:resolver_type'];

/**
 * Refuses enhancers on a handler's method, where a guard would never be asked, and on its class, unless Nest applies
 * them to other methods of that class.
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
