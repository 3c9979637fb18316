import { insertForeignFacts } from '../../support/fixtures/foreign-log.js';
import { runAwaiting } from '../../support/fixtures/awaiting.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';

/** What is awaited by a script that has nothing else to do, and which logs it needs. */
const STUCK = ['close with a stuck live handler', 'close with a stuck durable handler'];
const INDEXING = [
  'close while the index is being built',
  'close right after the index began to be built',
  'the whole index',
];

/** A promise of ours keeps the process alive until it settles: a plain script always comes to its next line. */
export const awaitedEnds: Scenario = {
  name: 'awaited-ends',
  fault: 'a script that only awaits a close or the index, with a stuck handler or an unindexed log',
  providers: ['memory', 'sqlite', 'postgres'],
  faults: [4, 1],
  run: (round, provider) =>
    round.forEachFault(async () => {
      const indexes = provider !== 'memory' && round.random.chance(0.7);
      const what = round.random.pick(indexes ? INDEXING : STUCK);
      const place = provider === 'memory' ? '' : await placeOf(provider);
      if (indexes) {
        await runAwaiting('close', provider, place, (undo) => round.later(undo));
        await insertForeignFacts(provider, place, round.random.int(5_000, 30_000));
      }
      const { code, last, errors } = await runAwaiting(what, provider, place, (undo) =>
        round.later(undo),
      );
      if (code === 0 && last === `after: ${what}`) return;
      round.unexpected(`${what}: exit code ${String(code)} after "${last}": ${errors}`);

      async function placeOf(name: 'sqlite' | 'postgres'): Promise<string> {
        const store = await newStore(round, name, round.name('awaited'));
        return store.provider === 'sqlite' ? store.path : store.url;
      }
    }),
};
