import type { StreamLedger } from '../../cursors/cursor-store.js';

/** Which ledger has a projection's cursor: the fact store's, or that of the read model's database. */
export type CursorPlace = 'plain' | 'transactional';

/**
 * Where the cursor was kept last, `undefined` when nobody said: it was never transactional. Recorded in the fact
 * store, whose ledger this is: a plain projection does not know of the read model's database.
 */
export async function placeOf(
  ledger: StreamLedger,
  name: string,
): Promise<CursorPlace | undefined> {
  const said = await ledger.interventions(name);
  for (const { verb } of said.toReversed()) {
    if (verb === 'transactional' || verb === 'plain') return verb;
    // Those of a transactional projection are recorded in the read model's database.
    if (verb === 'reset' || verb === 'rebuild') return 'plain';
  }
  return undefined;
}

/** `ledger`: the fact store's. */
export async function sayPlace(
  ledger: StreamLedger,
  name: string,
  place: CursorPlace,
): Promise<void> {
  if ((await placeOf(ledger, name)) !== place) {
    await ledger.intervene(name, { verb: place, by: null });
  }
}
