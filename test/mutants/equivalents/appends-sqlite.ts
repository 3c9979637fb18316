import type { Equivalent } from './equivalent.js';

export const appendsSqlite: readonly Equivalent[] = [];
