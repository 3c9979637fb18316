import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { register as doctor } from './commands/doctor.js';
import { register as facts } from './commands/facts.js';
import { register as projections } from './commands/projections.js';
import { register as schema } from './commands/schema.js';
import { register as stats } from './commands/stats.js';
import { register as transfer } from './commands/transfer.js';
import { register as verify } from './commands/verify.js';
import type { CommandIo } from './io.js';

/** Every command, in the order in which the help lists them. */
const COMMANDS = [facts, stats, projections, verify, transfer, doctor, schema];

/** The command line. What commands need is loaded when one runs, so that the help is there at once. */
export function makeProgram(io: CommandIo): Command {
  const program = new Command('nestjs-factstr')
    .description('Looks at, checks, moves and mends the facts and projections of a database.')
    .usage('<command> [options]')
    .version(ownVersion(), '-V, --version', 'prints the version')
    .option(
      '--database <url|file>',
      'the SQLite file, or postgres://user:password@host:port/name; FACTSTR_DATABASE otherwise',
    )
    .helpOption('-h, --help', 'prints this help')
    .helpCommand('help [command]', 'prints the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      'after',
      `
Exit: 0 good, 1 findings, 2 usage, 3 the database is not reached or the command failed, 130 Ctrl-C.
stdout is data; progress goes to stderr, on a terminal only. A command's help: nestjs-factstr <command> --help`,
    );
  for (const register of COMMANDS) register(program, io);
  return program;
}

function ownVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
