import type { Equivalent } from './equivalent.js';

export const projections: readonly Equivalent[] = [];
