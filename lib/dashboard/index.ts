export { FactstrDashboardModule } from './dashboard.module.js';
export type {
  DashboardModel,
  DashboardPayloads,
  FactstrDashboardOptions,
} from './dashboard.options.js';
