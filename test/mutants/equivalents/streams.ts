import type { Equivalent } from './equivalent.js';

export const streams: readonly Equivalent[] = [];
