import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import type { FactCodec } from '../../contract/fact-codec.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { jsonOption } from '../arguments.js';
import { number, plain } from '../format.js';
import type { CommandIo, DatabaseOptions } from '../io.js';

interface VerifyOptions extends DatabaseOptions {
  readonly deep?: true;
  readonly facts?: string;
  readonly json?: true;
}

export function register(program: Command, io: CommandIo): void {
  program
    .command('verify')
    .description(
      'checks a database, also beside running processes; exit 1 where something is wrong',
    )
    .option('--deep', 'reads every payload, and all of the context index')
    .option('--facts <module>', 'a module whose exports are made by defineFacts: facts have to fit')
    .addOption(jsonOption())
    .action(async (_: unknown, command: Command) =>
      run(command.optsWithGlobals<VerifyOptions>(), io),
    );
}

async function run(options: VerifyOptions, io: CommandIo): Promise<void> {
  const { verify } = await import('../../operations/verify/verify.js');
  const codec = options.facts === undefined ? undefined : await codecIn(options.facts);
  const database = await io.open(options);
  const progress = io.progress({ title: 'Verifying', unit: 'facts' });
  const { head, problems, unindexed } = await verify(database, {
    deep: options.deep,
    codec,
    onProblem: async (problem) => {
      progress.end();
      if (options.json) return io.printJson(problem);
      const { check, row, says, wayOut } = problem;
      return io.print(`✗ ${check}: ${plain(row)}: ${plain(says)}\n    → ${plain(wayOut)}`);
    },
    onProgress: (read) => progress.update(read),
  });
  progress.end();
  if (problems > 0) io.finding();
  if (options.json) return io.printJson({ head, problems, unindexed: unindexed ?? null });
  const index =
    unindexed === undefined
      ? 'there is no context index'
      : unindexed === 0n
        ? 'the context index is complete'
        : `the context index lacks ${number(unindexed)}`;
  const found = problems === 0 ? 'nothing is wrong' : `${number(problems)} problems`;
  return io.print(`${found}; ${number(head)} facts; ${index}`);
}

/** @throws InvalidOptionsError */
async function codecIn(module: string): Promise<FactCodec> {
  const { DefinedFacts, codecOf } = await import('../../facts/schemas/fact-schemas.js');
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(pathToFileURL(resolve(module)).href)) as typeof exports;
  } catch (cause) {
    throw new InvalidOptionsError(
      `The module ${module} does not load: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const defined = [...new Set(Object.values(exports))].filter((one) => one instanceof DefinedFacts);
  if (defined.length === 0) {
    throw new InvalidOptionsError(`The module ${module} exports nothing that defineFacts made.`);
  }
  return codecOf(defined)!;
}
