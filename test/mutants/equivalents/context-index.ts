import type { Equivalent } from './equivalent.js';

export const contextIndex: readonly Equivalent[] = [];
