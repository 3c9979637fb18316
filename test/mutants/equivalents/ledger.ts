import type { Equivalent } from './equivalent.js';

export const ledger: readonly Equivalent[] = [];
