// Replays a whole log through a projection, and prints by how much this process grew.
import { replayProjection } from '../contestants/projection.mjs';

const { engine, place, facts, name } = JSON.parse(process.argv[2]);
const store =
  engine === 'sqlite'
    ? { provider: 'sqlite', path: place.path }
    : { provider: 'postgres', url: place.url };
const resident = () => process.memoryUsage.rss() / 1e6;

let seen = 0;
let first;
let most = 0;
const began = performance.now();
await replayProjection(store, { name, batch: { maxFacts: 1_000 } }, (count) => {
  // From the first call on: the store is open by then, and its connections are made.
  first ??= resident();
  most = Math.max(most, resident());
  seen += count;
  return seen < facts;
});
console.log(
  JSON.stringify({
    operations: 1,
    facts: seen,
    milliseconds: performance.now() - began,
    megabytes: most - first,
  }),
);
