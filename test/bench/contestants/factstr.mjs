// FACTSTR's own engine, in a process of its own. What it times itself does not cross the pipe.
import { countRows } from '../places/count.mjs';
import { factstrPostgres } from '../places/factstr-postgres.seed.mjs';
import { factstrSqlite } from '../places/factstr-sqlite.seed.mjs';
import { cart, factOf } from '../facts.mjs';
import { factStoreSession } from './fact-store.mjs';

/** @returns undefined where there is no cargo */
export async function factstrEngine() {
  await import('../../support/typescript-hook.mjs');
  const { cargo, buildEngine } = await import('../../support/engine/cargo.ts');
  if (cargo === undefined) return undefined;
  console.error('Building FACTSTR’s engine, unless it is there (the first time takes minutes)…');
  await buildEngine();
  return (await import('../../support/engine/engine.ts')).FactstrEngine;
}

export function factstr(FactstrEngine) {
  const contestant = (engine, seed, where) => ({
    id: 'factstr',
    engine,
    seed,
    async open(place) {
      const process = await FactstrEngine.start();
      await process.open(where(place));
      const session = factStoreSession(process);
      const common = { ...factOf(cart('new')), key: 'cart' };
      return {
        ...session,
        timed: (workload, options) => process.bench({ workload, ...common, ...options }),
        count: () => countRows(place, 'events'),
        async close() {
          await process.close();
          await process.kill();
        },
      };
    },
  });
  return [
    contestant('sqlite', factstrSqlite, ({ path }) => ({ sqlite: path })),
    contestant('postgres', factstrPostgres, ({ url }) => ({ postgres: url })),
  ];
}
