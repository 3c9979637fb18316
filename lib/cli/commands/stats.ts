import type { Command } from 'commander';
import { number, plain, table } from '../format.js';
import type { CommandIo } from '../io.js';

export function register(program: Command, io: CommandIo): void {
  program
    .command('stats')
    .description('counts facts by type')
    .option('--json', 'prints JSON')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ database?: string; json?: true }>();
      const database = await io.open(options);
      const types = await database.snapshot(async (read) => {
        const rows = [];
        const sql = 'SELECT event_type, count(*) FROM events GROUP BY 1 ORDER BY count(*) DESC, 1';
        for await (const [type, count] of read.rows(sql))
          rows.push({ type: type!, count: Number(count) });
        return rows;
      });
      if (options.json) return io.printJson({ types });
      const lines = types.map(({ type, count }) => [number(count), plain(type)]);
      await io.stdout.write(table([['facts', 'type'], ...lines], [0]));
    });
}
