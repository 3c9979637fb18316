import { linkSync, renameSync, rmSync } from 'node:fs';
import { FactstrSqliteStore } from 'nestjs-factstr';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { newStore, rowsOf } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { Writer } from '../support/writer.js';

/** What happened to a file under its writers; `undo` puts it back. */
interface Moved {
  readonly how: string;
  readonly undo: () => void | Promise<void>;
}

/**
 * A file that is renamed, removed or replaced under running writers gets nothing more, and neither does what took its
 * place; when it is back they go on.
 */
export const movedFile: Scenario = {
  name: 'moved-file',
  fault: 'the file renamed, removed or replaced under running writers, then put back',
  providers: ['sqlite'],
  faults: [8, 2],
  async run(round, provider) {
    const options = await newStore(round, provider);
    if (options.provider !== 'sqlite') return;
    const { path } = options;
    const writers = [
      await Writer.start(round, options, { named: true, think: 6, calls: 20_000 }),
      await Writer.start(round, options, { think: 6, calls: 20_000 }),
    ];
    await round.forEachFault(async () => {
      await Promise.all(
        writers.map((writer) => writer.makes(round.random.int(1, 30), 'committed')),
      );
      const { how, undo } = await move(round, path);
      await Promise.all(writers.map((writer) => writer.makes(1, 'refused', 'DATABASE_REPLACED')));
      const before = writers.map((writer) => writer.made('committed'));
      await Promise.all(
        writers.map((writer) =>
          writer.makes(round.random.int(3, 10), 'refused', 'DATABASE_REPLACED'),
        ),
      );
      const after = writers.map((writer) => writer.made('committed'));
      if (after.join() !== before.join()) round.unexpected(`a file that was ${how} was written to`);
      await undo();
    });
    await Promise.all(writers.map((writer) => writer.makes(10, 'committed')));
    await Promise.all(writers.map((writer) => writer.stop()));
    await judgeLog(round, options, writers, { refusals: ['DATABASE_REPLACED'] });
  },
};

async function move(round: Round, path: string): Promise<Moved> {
  const elsewhere = await round.file(round.name('elsewhere'));
  const ways: (() => Moved | Promise<Moved>)[] = [
    () => renamed(path, elsewhere),
    () => removed(path, elsewhere),
    () => removed(`${path}-wal`, elsewhere),
    () => replaced(round, path, elsewhere),
  ];
  return round.random.pick(ways)();
}

function renamed(path: string, elsewhere: string): Moved {
  renameSync(path, elsewhere);
  return { how: 'renamed', undo: () => renameSync(elsewhere, path) };
}

/** A second name keeps what would be lost. */
function removed(path: string, elsewhere: string): Moved {
  linkSync(path, elsewhere);
  rmSync(path);
  return {
    how: `removed (${path})`,
    undo: () => {
      linkSync(elsewhere, path);
      rmSync(elsewhere);
    },
  };
}

async function replaced(round: Round, path: string, elsewhere: string): Promise<Moved> {
  const other = await round.file(round.name('other'));
  const store = new FactstrSqliteStore(other);
  store.append([{ event_type: 'other', payload: {} }]);
  await store.close();
  renameSync(path, elsewhere);
  renameSync(other, path);
  return {
    how: 'replaced',
    undo: async () => {
      renameSync(path, other);
      await unchanged(round, other);
      renameSync(elsewhere, path);
    },
  };
}

async function unchanged(round: Round, other: string): Promise<void> {
  const rows = await rowsOf<{ n: number }>(
    { kind: 'sqlite', path: other },
    'SELECT count(*) AS n FROM events',
  );
  if (rows[0]?.n !== 1) round.unexpected('what took its place was written to');
}
