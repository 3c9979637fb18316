export * from './contract/contract.types.js';
export * from './contract/errors.js';
export type { FactStoreLimits } from './contract/limits.js';
export { FactstrMemoryStore } from './stores/memory/memory.store.js';
