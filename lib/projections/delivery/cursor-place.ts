import { placeAfter } from '../../cursors/cursor-store.js';
import type { CursorPlace, CursorStore } from '../../cursors/cursor-store.js';
import type { SqlCursorStore } from '../../cursors/sql/sql-cursor-store.js';

/**
 * Where the cursor was kept last; `undefined` without a record: it was never transactional. Recorded in the fact
 * store, whose cursor store this is: a plain projection does not know of the read model's database.
 */
export async function placeOf(
  cursorStore: CursorStore,
  name: string,
): Promise<CursorPlace | undefined> {
  const keeper = cursorStore as Partial<SqlCursorStore>;
  if (keeper.cursorPlace !== undefined) return keeper.cursorPlace(name);
  const said = await cursorStore.interventions(name);
  return said.map(({ verb }) => placeAfter(verb)).findLast((place) => place !== undefined);
}

/** Records the cursor's place. `cursorStore`: the fact store's. */
export async function sayPlace(
  cursorStore: CursorStore,
  name: string,
  place: CursorPlace,
): Promise<void> {
  if ((await placeOf(cursorStore, name)) !== place) {
    await cursorStore.intervene(name, { verb: place, by: null });
  }
}
