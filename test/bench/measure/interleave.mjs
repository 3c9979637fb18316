/** A case whose rounds take so many times longer than they should does fewer of them. */
const PATIENCE = 3;
/** What took so long, in milliseconds, is not done again: its one round tells enough. */
const ENOUGH = 3_000;

/**
 * Runs every case once in each round, beginning with another one each time, after a shorter run of each to warm
 * up. A case that fails is out, with its error; the others go on.
 *
 * @param cases `{ milliseconds, warm?, run(milliseconds, round) }`; gets `rounds` (one entry each, `undefined`
 * where it sat out) and, where it failed, `failure`
 */
export async function interleave(cases, rounds) {
  for (const each of cases) {
    Object.assign(each, { rounds: [], spent: 0 });
    if (each.warm !== false) await attempt(each, () => each.run(each.milliseconds / 3, -1));
  }
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < cases.length; index++) {
      const each = cases[(index + round) % cases.length];
      if (each.failure !== undefined || isSlow(each, round, rounds)) continue;
      await attempt(each, async () => {
        each.rounds[round] = await each.run(each.milliseconds, round);
      });
    }
  }
  return cases;
}

function isSlow({ spent, milliseconds }, round, rounds) {
  if (round === 0) return false;
  return spent > ENOUGH || (round >= 2 && spent > PATIENCE * rounds * milliseconds);
}

async function attempt(each, run) {
  const began = performance.now();
  try {
    await run();
  } catch (error) {
    each.failure = error;
  }
  each.spent += performance.now() - began;
}
