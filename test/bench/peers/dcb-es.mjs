export { AppendConditionError, Query, SequencePosition, Tags } from '@dcb-es/event-store';
export {
  PostgresEventStore,
  ensureHandlersInstalled,
  runHandler,
} from '@dcb-es/event-store-postgres';
