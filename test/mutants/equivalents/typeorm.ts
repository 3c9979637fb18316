import type { Equivalent } from './equivalent.js';

export const typeorm: readonly Equivalent[] = [];
