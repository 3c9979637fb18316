import { FactstrSqliteStore } from '../../../lib/stores/sqlite/store.js';
import { done, next, send } from '../../support/child-task.js';
import { Material } from '../../support/facts/arbitrary.js';
import type { Decision, DeciderTask } from '../support/decisions.js';

// Appends batches and decides on contexts, while others do the same on the same file; tells every verdict.
const { file, seed, turns } = await next<DeciderTask>();
const material = new Material(seed);
const store = new FactstrSqliteStore(file);
send('ready');
await next();
const decisions: Decision[] = [];
for (let turn = 0; turn < turns; turn++) {
  const place = material.below(material.queries.length);
  const query = material.queries[place]!;
  const facts = material.draw([1, 1, 3, 200, 1_300][material.below(5)]!);
  const { current_context_version } = store.queryPage(query, 0);
  // Stale on purpose at times: that has to be refused.
  const expected =
    material.below(4) === 0
      ? (current_context_version ?? 1n) - 1n
      : (current_context_version ?? null);
  const { append_result: appended, conflict } = await store.promises.appendIf(
    facts,
    query,
    expected !== null && expected < 0n ? 0n : expected,
  );
  decisions.push({
    seed,
    place,
    expected: expected !== null && expected < 0n ? 0n : expected,
    committed: appended?.first_sequence_number ?? null,
    actual: conflict?.actual_context_version ?? null,
  });
}
void store.close();
send(decisions);
done();
