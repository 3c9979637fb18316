import type { LedgerTables } from '../../../cursors/sql/cursor-sql.js';

export const LEDGER_TABLES: LedgerTables = {
  cursors: 'subscriber_cursors',
  cursorName: 'subscriber_id',
  streams: 'nestjs_factstr_streams',
  parked: 'nestjs_factstr_parked',
  interventions: 'nestjs_factstr_interventions',
};
