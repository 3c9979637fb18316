export { FactstrPrometheusModule } from './factstr-prometheus.module.js';
export type { FactstrPrometheusOptions } from './factstr-prometheus.module.js';
