import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { done, next, send } from '../../support/child-task.js';
import { Material } from '../../support/facts/arbitrary.js';
import type { Decision } from '../support/decisions.js';

// Appends batches and decides on contexts, some of it at once, while others do the same on the same database;
// tells every verdict.
const { url, seed, turns } = await next<{ url: string; seed: number; turns: number }>();
const material = new Material(seed);
const store = new FactstrPostgresStore(url);
await store.connect();
send('ready');
await next();
const decisions: Decision[] = [];
for (let turn = 0; turn < turns; turn++) {
  const callers = [1, 1, 2, 12][material.below(4)]!;
  await Promise.all(Array.from({ length: callers }, () => decide()));
}
await store.close();
send(decisions);
done();

async function decide(): Promise<void> {
  const place = material.below(material.queries.length);
  const query = material.queries[place]!;
  const facts = material.draw([1, 1, 3, 100, 1_300][material.below(5)]!);
  const stale = material.below(4) === 0;
  const { current_context_version } = await store.queryPage(query, 0);
  const version = current_context_version ?? null;
  // Stale on purpose at times: that has to be refused.
  const expected = stale && version !== null ? version - 1n : version;
  const { append_result: appended, conflict } = await store.appendIf(facts, query, expected);
  const committed = appended?.first_sequence_number ?? null;
  decisions.push({
    seed,
    place,
    expected,
    committed,
    actual: conflict?.actual_context_version ?? null,
  });
}
