import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewEvent, QueryResult } from '../../lib/contract/contract.types.js';
import { runCli } from '../support/cli/run-cli.js';
import type { Location } from '../support/engine/engine.js';
import { fact, facts } from '../support/facts/facts.js';
import { Inbox } from '../support/inbox/inbox.js';
import { describeBesideFactstr } from './support/describe.js';
import { LOG_KINDS, sharedLogs } from './support/logs.js';
import { nanoseconds } from './support/times.js';

const ODD: NewEvent[] = [
  fact('größe', { z: 1, a: [1.5, 1e21, -2.5e-7, 0.1], 'b b': null, '': { '': [[], {}] } }),
  fact('"', 'line\nbreak "quoted" \\ 🐎  \u007F'),
  fact(' ', { by: { name: 'größe', others: [9007199254740991, -1, true] } }),
  fact('c', 17),
];
const wanted = {
  filters: [{ payload_predicates: [{ by: { name: 'größe' } }] }, { event_types: ['c'] }],
};

const pairs = LOG_KINDS.flatMap((from) =>
  LOG_KINDS.filter((to) => to !== from).map((to) => ({ from, to })),
);

describeBesideFactstr('An imported log', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'factstr-transfer-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function move(from: Location, to: Location): Promise<void> {
    const file = join(folder, 'facts.ndjson');
    for (const [command, location] of [
      ['export', from],
      ['import', to],
    ] as const) {
      const database = 'sqlite' in location ? location.sqlite : location.postgres;
      const { code, err } = await runCli([command, file, '--database', database]);
      expect({ code, err }).toEqual({ code: 0, err: '' });
    }
  }

  describe.each(pairs)('from $from.kind on $to.kind', ({ from, to }) => {
    const [createSource, createTarget] = [sharedLogs(from), sharedLogs(to)];

    it('is read, gone on with and streamed by FACTSTR as if it had been written there', async () => {
      const [source, target] = [await createSource(), await createTarget()];
      const store = source.store();
      await store.append(ODD);
      await store.append(facts(1), { appendId: 'one', metadata: { by: 'ann', correlation: 'c' } });
      await store.append(facts(3), { appendId: 'three', metadata: { causation: '5' } });
      await store.append(ODD);
      await move(source.location, target.location);

      const engine = await target.engine();
      for (const query of [{}, wanted]) {
        expect(normal(await engine.query(query))).toEqual(normal(await store.query(query)));
      }
      await expect(engine.append(facts(2))).resolves.toMatchObject({ first_sequence_number: 13n });
      const theirs = new Inbox();
      await engine.stream({ name: 's' }, theirs.handle);
      expect(theirs.numbers).toEqual([[1, 2, 3, 4], [5], [6, 7, 8], [9, 10, 11, 12], [13, 14]]);
      await engine.close();

      // What FACTSTR does not know of is there still.
      const moved = target.store();
      await expect(
        moved.append(facts(3), { appendId: 'three', metadata: { causation: '5' } }),
      ).resolves.toMatchObject({ first_sequence_number: 6n, last_sequence_number: 8n });
      const traced = await moved.trace(6n);
      expect(traced).not.toBeNull();
      expect(traced).toEqual(await store.trace(6n));
    });

    it('holds the facts and batches that FACTSTR wrote', async () => {
      const [source, target] = [await createSource(), await createTarget()];
      const engine = await source.engine();
      await engine.append(ODD);
      await engine.append(facts(1));
      await engine.append([...ODD, ...ODD]);
      await move(source.location, target.location);

      const moved = target.store();
      expect(normal(await moved.query({}))).toEqual(normal(await engine.query({})));
      expect(normal(await moved.query(wanted))).toEqual(normal(await engine.query(wanted)));
      const ours = new Inbox();
      await moved.streamAllDurable({ name: 's' }, ours.handle);
      expect(ours.numbers).toEqual([[1, 2, 3, 4], [5], [6, 7, 8, 9, 10, 11, 12, 13]]);
      await expect(moved.append(facts(1))).resolves.toMatchObject({ first_sequence_number: 14n });
    });
  });
});

/** Times up to the microsecond, which is what Postgres keeps. */
function normal({ event_records, ...rest }: QueryResult): unknown {
  const records = event_records.map((record) => ({
    ...record,
    occurred_at: nanoseconds(record.occurred_at) / 1_000n,
  }));
  return { ...rest, records };
}
