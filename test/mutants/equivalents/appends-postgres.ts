import type { Equivalent } from './equivalent.js';

export const appendsPostgres: readonly Equivalent[] = [];
