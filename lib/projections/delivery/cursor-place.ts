import type { CursorStore } from '../../cursors/cursor-store.js';

/** Which cursor store has a projection's cursor: the fact store's, or that of the read model's database. */
export type CursorPlace = 'plain' | 'transactional';

/**
 * Where the cursor was kept last; `undefined` without a record: it was never transactional. Recorded in the fact
 * store, whose cursor store this is: a plain projection does not know of the read model's database.
 */
export async function placeOf(
  cursorStore: CursorStore,
  name: string,
): Promise<CursorPlace | undefined> {
  const said = await cursorStore.interventions(name);
  for (const { verb } of said.toReversed()) {
    if (verb === 'transactional' || verb === 'plain') return verb;
    // A transactional projection's resets are recorded in the read model's database.
    if (verb === 'reset' || verb === 'rebuild') return 'plain';
  }
  return undefined;
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
