import type { Command } from 'commander';
import type { Sizes } from '../../operations/stats/sizes.js';
import type { FactStats } from '../../operations/stats/stats.js';
import { jsonOption, wholeNumber } from '../arguments.js';
import { bytes, number, plain, table } from '../format.js';
import type { CommandIo, DatabaseOptions } from '../io.js';

interface StatsOptions extends DatabaseOptions {
  readonly types: number;
  readonly tables?: true;
  readonly json?: true;
}

const DEFAULT_TYPES = 50;

export function register(program: Command, io: CommandIo): void {
  program
    .command('stats')
    .description('counts facts by type and by time, batches and cursors, and measures tables')
    .option('--types <count>', 'types, at most; JSON has all', wholeNumber, DEFAULT_TYPES)
    .option('--tables', 'measures the tables of a SQLite file beyond 2 GB too: it reads every page')
    .addOption(jsonOption())
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<StatsOptions>();
      const [{ readStats }, { readSizes }] = await Promise.all([
        import('../../operations/stats/stats.js'),
        import('../../operations/stats/sizes.js'),
      ]);
      const database = await io.open(options);
      const found = await database.snapshot(async (read) => ({
        database: database.label,
        provider: database.provider,
        ...(await readStats(read)),
        sizes: await readSizes(database, read, options.tables),
      }));
      if (options.json) return io.printJson(found);
      await io.stdout.write(shown(found, options.types));
    });
}

function shown(
  stats: FactStats & { database: string; provider: string; sizes: Sizes },
  most: number,
): string {
  const { batches, cursors, sizes, types } = stats;
  const summary = table([
    ['database', plain(stats.database)],
    ['facts', `${number(stats.facts)}, head ${number(stats.head)}`],
    ['from', `${stats.firstAt ?? '–'} to ${stats.newestAt ?? '–'}`],
    [
      'appended',
      `${number(stats.lastMinute)} in the last minute, ${number(stats.lastHour)} in the last hour, ${number(stats.lastDay)} in the last day`,
    ],
    ['batches', `${number(batches.count)}, the largest of ${number(batches.largest)}`],
    [
      'cursors',
      `${number(cursors.count)}, ${number(cursors.behind)} of them behind; parked facts: ${number(cursors.parked)} (those of transactional projections are in their read models)`,
    ],
    [
      'appends',
      `${number(stats.appendIds)} known by their ids, ${number(stats.withMetadata)} with metadata`,
    ],
    ['size', sizeText(sizes)],
  ]);
  const rows = types
    .slice(0, most)
    .map((each) => [
      plain(each.type),
      number(each.facts),
      `${((each.facts / stats.facts) * 100).toFixed(1)} %`,
      number(each.lastHour),
      number(each.lastDay),
      number(each.newest),
    ]);
  const left = types.length - rows.length;
  const ofTypes = [['type', 'facts', 'share', 'last hour', 'last day', 'newest'], ...rows];
  const parts = [summary, table(ofTypes, [1, 2, 3, 4, 5])];
  if (left > 0) parts[1] += `and ${number(left)} more; --types ${types.length} shows them\n`;
  if (sizes.tables !== undefined) {
    const tables = sizes.tables.map(({ name, data, indexes }) => [
      plain(name),
      bytes(data),
      bytes(indexes),
    ]);
    parts.push(table([['table', 'data', 'indexes'], ...tables], [1, 2]));
  }
  return parts.join('\n');
}

function sizeText({ total, writeAheadLog, free }: Sizes): string {
  if (writeAheadLog === undefined || free === undefined) return bytes(total);
  return `${bytes(total)}, of it write-ahead log ${bytes(writeAheadLog)}, free pages ${bytes(free)}`;
}
