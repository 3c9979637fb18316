import { CommanderError } from 'commander';
import { EXIT, exitCodeOf, wordsOf } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import { RunIo } from './io.js';
import { makeProgram } from './program.js';
import type { Terminal } from './terminal.js';

/**
 * Runs a command line, without a process of its own.
 *
 * @param argv the arguments, without Node and the script
 * @returns what the process is to end with
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const io = new RunIo(terminal);
  try {
    const code = await run(argv, io);
    return io.signal.aborted ? EXIT.interrupted : code;
  } finally {
    await io.close();
  }
}

async function run(argv: readonly string[], io: RunIo): Promise<ExitCode> {
  try {
    await makeProgram(io).parseAsync(argv, { from: 'user' });
    return io.hasFindings ? EXIT.findings : EXIT.good;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
    if (io.signal.aborted) return EXIT.interrupted;
    await io.note(`error: ${wordsOf(error)}`);
    return exitCodeOf(error);
  }
}
