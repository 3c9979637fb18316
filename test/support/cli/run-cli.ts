import { main } from '../../../lib/cli/main.js';
import type { Output } from '../../../lib/cli/terminal.js';

/** What a command line came to. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Whether stdout and stderr are terminals. */
  readonly isTerminal?: boolean;
  /** Hears of everything that is written to stdout, as it is written. */
  readonly onOut?: (text: string) => void;
}

/** Runs a command line in this process. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { env = {}, signal = new AbortController().signal, isTerminal = false } = options;
  const written = { out: '', err: '' };
  const output = (name: 'out' | 'err'): Output => ({
    isTerminal,
    async write(text) {
      written[name] += text;
      if (name === 'out') options.onOut?.(text);
    },
  });
  const terminal = { stdout: output('out'), stderr: output('err'), env, signal };
  const code = await main(argv, terminal);
  return { code, ...written };
}

/** The lines of JSON that a command wrote. */
export function jsonLines({ out }: CliRun): unknown[] {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
