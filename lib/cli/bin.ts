#!/usr/bin/env node
import { isNotInstalled } from '../support/require-driver.js';
import type { Output, Terminal } from './terminal.js';

/** How long a command may take to end after Ctrl-C, in milliseconds. */
const MAX_END_MS = 5_000;
const INTERRUPTED = 130;

const interrupted = new AbortController();
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', () => process.exit(0));

const terminal: Terminal = {
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  env: process.env,
  signal: interrupted.signal,
};

try {
  const { main } = await import('./main.js');
  process.exitCode = await main(process.argv.slice(2), terminal);
} catch (error) {
  if (!isNotInstalled(error, 'commander')) throw error;
  process.stderr.write(
    'The command line needs the package commander, which was left out of the installation: npm install commander@14\n',
  );
  process.exitCode = 3;
}
// Whatever a driver has left open keeps no finished command.
const ended = setTimeout(() => process.exit(), 1_000);
ended.unref();

/** The first asks the command to end; the second does not wait. */
function interrupt(): void {
  if (interrupted.signal.aborted) process.exit(INTERRUPTED);
  interrupted.abort();
  setTimeout(() => process.exit(INTERRUPTED), MAX_END_MS).unref();
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    isTerminal: (stream as { isTTY?: boolean }).isTTY ?? false,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    write: (text) =>
      new Promise((resolve) => {
        if (stream.write(text)) resolve();
        else stream.once('drain', resolve);
      }),
  };
}
