import { Inject } from '@nestjs/common';
import type { InjectionToken } from '@nestjs/common';
import { FactstrStore } from '../service/factstr-store.js';

/** The name of the store that has none. */
export const DEFAULT_STORE = 'default';

/**
 * The injection token of a store: the class `FactstrStore` for the default one.
 *
 * @publicApi
 */
export function getFactstrStoreToken(name: string = DEFAULT_STORE): InjectionToken {
  return name === DEFAULT_STORE ? FactstrStore : `FactstrStore(${name})`;
}

/**
 * Injects a named store.
 *
 * @publicApi
 */
export function InjectFactstrStore(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getFactstrStoreToken(name));
}
