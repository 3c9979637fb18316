import type { Equivalent } from './equivalent.js';

export const contract: readonly Equivalent[] = [];
