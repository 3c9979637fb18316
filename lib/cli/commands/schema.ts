import { Option } from 'commander';
import type { Command } from 'commander';
import type { SchemaDifference } from '../../operations/schema/difference.js';
import { jsonOption } from '../arguments.js';
import { plain, table } from '../format.js';
import type { CommandIo, DatabaseOptions } from '../io.js';

const NO_VIEW =
  'its process makes and completes. Start that process, or remove the file: it is made anew.';

interface PrintOptions extends DatabaseOptions {
  readonly provider?: 'sqlite' | 'postgres';
  readonly schema?: string;
  readonly role?: string;
}

interface DiffOptions extends DatabaseOptions {
  readonly json?: true;
}

interface MigrateOptions extends DatabaseOptions {
  readonly dryRun?: true;
  readonly json?: true;
}

export function register(program: Command, io: CommandIo): void {
  const schema = program
    .command('schema')
    .description('prints what this version makes in a database, or compares a database with it');
  schema
    .command('print')
    .description('prints the SQL of a new database, with the grants of a role on Postgres')
    .addOption(
      new Option('--provider <provider>', 'of this one; by default that of the database').choices([
        'sqlite',
        'postgres',
      ]),
    )
    .option('--schema <name>', 'Postgres: the schema; public by default')
    .option('--role <name>', 'Postgres: the role that gets the grants; factstr_app by default')
    .action((_: unknown, command: Command) => print(command.optsWithGlobals(), io));
  schema
    .command('diff')
    .description('compares a database with what this version makes; exit 1 where they differ')
    .addOption(jsonOption())
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DiffOptions>();
      const { compareSchema } = await import('../../operations/schema/compare.js');
      const differences = await compareSchema(await io.open(options, NO_VIEW));
      await report(differences, options, io);
    });
  program
    .command('migrate')
    .description('makes what a database lacks: tables, columns, indexes and functions')
    .option('--dry-run', 'prints the SQL of what is missing, and changes nothing')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
It only adds, so that processes of this version and of the one before run beside it. The next start of an application
does the same; migrate does it ahead, with a role that may, and builds indexes of Postgres without holding writers up.`,
    )
    .action((_: unknown, command: Command) => migrate(command.optsWithGlobals(), io));
}

async function print(options: PrintOptions, io: CommandIo): Promise<void> {
  const { providerOf } = await import('../../operations/database/database.js');
  const provider = options.provider ?? providerOf(io.target(options));
  if (provider === 'sqlite') {
    const { sqliteSchemaSql } = await import('../../stores/sqlite/schema/schema.js');
    return io.stdout.write(sqliteSchemaSql());
  }
  const { postgresSchemaSql } = await import('../../stores/postgres/schema/schema.js');
  return io.stdout.write(postgresSchemaSql({ schema: options.schema, role: options.role }));
}

async function migrate(options: MigrateOptions, io: CommandIo): Promise<void> {
  const [{ compareSchema }, { makeIndexesFirst, makeRest }] = await Promise.all([
    import('../../operations/schema/compare.js'),
    import('../../operations/schema/migrate.js'),
  ]);
  const database = await io.open(options, NO_VIEW);
  const before = (await compareSchema(database)).filter(({ kind }) => kind === 'missing');
  if (options.dryRun) {
    if (options.json) return io.printJson(before);
    const sql = before.map((each) => `-- ${each.object}\n${each.sql};\n`);
    return io.stdout.write(sql.length > 0 ? sql.join('\n') : '-- Nothing is missing.\n');
  }
  if (before.length > 0) {
    await makeIndexesFirst(database, before);
    await io.openStore(options);
    await makeRest(database, await compareSchema(database), io.signal);
  }
  const after = await compareSchema(database);
  const made = before.filter(({ object }) => after.every((other) => other.object !== object));
  if (options.json) await io.printJson({ made: made.map(({ object }) => object), left: after });
  else if (made.length === 0) await io.print('Nothing was missing.');
  else for (const { object } of made) await io.print(`made  ${plain(object)}`);
  if (!options.json && after.length > 0) await io.stdout.write(shown(after));
  if (after.some(({ kind }) => kind !== 'left over')) io.finding();
}

async function report(
  differences: readonly SchemaDifference[],
  { json }: DiffOptions,
  io: CommandIo,
): Promise<void> {
  if (json) await io.printJson(differences);
  else if (differences.length === 0) await io.print('The database is as this version makes it.');
  else await io.stdout.write(shown(differences));
  if (differences.some(({ kind }) => kind !== 'left over')) io.finding();
}

function shown(differences: readonly SchemaDifference[]): string {
  return table(differences.map(({ kind, object, detail }) => [kind, plain(object), plain(detail)]));
}
