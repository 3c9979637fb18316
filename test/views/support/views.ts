import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogView } from '../../../lib/streams/log-view.js';
import { openView } from '../../../lib/stores/log-views.js';

/** Milliseconds for which the views of the tests keep ids and names. */
export const RETENTION = 1_000;

export const KINDS = ['memory', 'sqlite'] as const;
export type Kind = (typeof KINDS)[number];

/** The views of one test, and their files. */
export class TestViews {
  readonly #folder = mkdtempSync(join(tmpdir(), 'factstr-view-'));
  readonly #views: LogView[] = [];

  file(name = 'view.sqlite'): string {
    return join(this.#folder, name);
  }

  /** A view of its own, or of the file of that name. */
  open(kind: Kind, file = `view-${this.#views.length}.sqlite`, retention = RETENTION): LogView {
    const where = kind === 'memory' ? kind : this.file(file);
    const view = openView(where, { appendIdRetention: retention });
    this.#views.push(view);
    return view;
  }

  dispose(): void {
    for (const view of this.#views.splice(0)) view.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
