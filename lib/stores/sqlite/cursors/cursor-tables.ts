import type { CursorTables } from '../../../cursors/sql/cursor-sql.js';

export const CURSOR_TABLES: CursorTables = {
  cursors: 'subscriber_cursors',
  cursorName: 'subscriber_id',
  streams: 'nestjs_factstr_streams',
  parked: 'nestjs_factstr_parked',
  interventions: 'nestjs_factstr_interventions',
};
