import type { Equivalent } from './equivalent.js';

export const contextIndexSegments: readonly Equivalent[] = [];
