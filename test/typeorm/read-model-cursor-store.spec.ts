import { afterEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { PostgresReadModel } from '../../lib/typeorm/postgres.read-model.js';
import { ReadModelCursorStore } from '../../lib/projections/transactional/read-model.cursor-store.js';
import { SqliteReadModel } from '../../lib/typeorm/sqlite.read-model.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { describeCursorStoreEdges } from '../../lib/testing/conformance/cursors/cursor-store-edges.js';
import { describeCursorStoreProtocol } from '../../lib/testing/conformance/cursors/cursor-store-protocol.js';
import { Suite } from '../../lib/testing/conformance/suite.js';
import { runner } from '../support/runner.js';
import { stranger } from '../support/streams/owners.js';
import { readModelOptions } from '../support/fixtures/read-models.js';
import type { ReadModelKind } from '../support/fixtures/read-models.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** Two cursor stores of one read model, as two processes have them. */
async function openReadModel(kind: ReadModelKind) {
  const options = await readModelOptions(kind, fixtures);
  const open = async () => {
    const dataSource = await new DataSource(options).initialize();
    const database =
      kind === 'sqlite'
        ? new SqliteReadModel(dataSource)
        : new PostgresReadModel(dataSource, 'a read model', 10_000);
    fixtures.later(async () => {
      await database.close();
      await dataSource.destroy();
    });
    return { database, cursorStore: new ReadModelCursorStore(database) };
  };
  const [{ database, cursorStore }, { cursorStore: other }] = [await open(), await open()];
  return { database, cursorStore, other };
}

for (const kind of ['sqlite', 'postgres'] as const) {
  const name = `a read model in ${kind}`;
  // The statements are those of the fact stores, whose suites look at every state.
  const states = kind === 'sqlite' ? undefined : ['not known', 'held and renewed', 'taken over'];
  const open = () => openReadModel(kind);
  const suite = new Suite(runner);
  describeCursorStoreProtocol(suite, { name, open }, states);
  describeCursorStoreEdges(suite, { name, hasClock: kind === 'postgres', open });

  describe(`A transaction of ${name}`, () => {
    it('begins under its epoch, not under the one before or after, or another name’s', async () => {
      const { database, cursorStore, other } = await openReadModel(kind);
      const seen = await other.open('s', 'a query', 5n);
      const epoch = (await other.claim('s', seen, stranger('first'), 60_000))!;
      for (const [stream, under, begins] of [
        ['s', epoch - 1n, false],
        ['s', epoch, true],
        ['s', epoch + 1n, false],
        ['S', epoch, false],
      ] as const) {
        const rows: unknown[] = [];
        const commits = await database.transaction(async ({ run }) => {
          const begun = await run(cursorStore.beginSteps(stream, under));
          rows.push(begun?.at(-1));
          return begun !== undefined;
        });
        expect([commits, rows]).toEqual([begins, [begins ? [['5']] : undefined]]);
      }
    });
  });
}

describe('A transaction of a read model in postgres', () => {
  it('waits for the disk like any other, as a handler’s rows are in it', async () => {
    const { database, cursorStore } = await openReadModel('postgres');
    const seen = await cursorStore.open('s', 'a query', 0n);
    const epoch = (await cursorStore.claim('s', seen, stranger('first'), 60_000))!;
    const look = { sql: "SELECT current_setting('synchronous_commit')", values: [] };
    let rows: unknown;
    await database.transaction(async ({ run }) => {
      await run(cursorStore.advanceSteps('s', epoch, { sequence_number: 1n, hash: 'x' }));
      rows = await run([look]);
      return true;
    });
    expect(rows).toEqual([[['on']]]);
    expect(await cursorStore.find('s')).toMatchObject({ position: 1n });
  });
});
