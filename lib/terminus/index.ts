export { FactstrTerminusModule } from './factstr-terminus.module.js';
export { FactstrHealthIndicator } from './factstr.health-indicator.js';
export type { FactstrHealth, FactstrProblem } from './health.js';
export type { FactstrReadyOptions } from './ready.options.js';
export type { ProjectionProblemKind } from '../projections/problems.js';
