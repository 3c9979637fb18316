import type { LogView, LogViewOptions } from '../streams/log-view.js';
import { MemoryView } from './memory/view.js';
import { removeViewFile } from './sqlite/schema/view-file.js';
import { SqliteView } from './sqlite/view.js';

/**
 * Opens a view of another log: `'memory'`, or the path of a file, which no other process, and no other view, may use
 * at the same time. The caller sees by its note which log it follows.
 *
 * @throws DatabaseBusyError for a file in use; ForeignDatabaseError for one that is no view; DamagedDatabaseError for
 * one that has to be made anew; UnsupportedFormatError, InvalidOptionsError, PermissionDeniedError, StorageFullError,
 * StorageError, MissingDriverError
 */
export function openView(where: string, options: LogViewOptions): LogView {
  return where === 'memory' ? new MemoryView(options) : new SqliteView(where, options);
}

/**
 * Removes the file of a view that is closed, so that it can be made anew: it is damaged, or follows another log. Only
 * a view is removed; nothing is done in memory, and where there is no file.
 *
 * @throws ForeignDatabaseError for a file that is no view; DatabaseBusyError, PermissionDeniedError, StorageError
 */
export function removeView(where: string): void {
  if (where !== 'memory') removeViewFile(where);
}
