import type { ObservedOperation } from '../service/observation/observer.js';

/** `db.system.name`, as OpenTelemetry's conventions have it where they have it. */
export const SYSTEMS: Readonly<Record<ObservedOperation['provider'], string>> = {
  postgres: 'postgresql',
  sqlite: 'sqlite',
  memory: 'factstr.memory',
  nats: 'nats',
  custom: 'other_sql',
};
