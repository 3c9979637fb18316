export { FactstrOpenTelemetryModule } from './factstr-opentelemetry.module.js';
export type { FactstrOpenTelemetryOptions } from './factstr-opentelemetry.module.js';
