import type { LogView, LogViewOptions } from '../streams/log-view.js';
import { MemoryView } from './memory/view.js';

/** Opens a view of another log: `'memory'`, or the path of a file of its own. */
export function openView(where: string, options: LogViewOptions): LogView {
  if (where === 'memory') return new MemoryView(options);
  throw new Error(`${where}: not yet`);
}
