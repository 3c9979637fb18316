import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { testChildren } from '../../../support/children.mjs';

const MAIN = resolve(import.meta.dirname, '../../../../dist-sample/main.js');

/** What a process of the sample ended with. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The built sample, as `npm start` runs it. */
export interface SampleProcess {
  readonly url: string;
  /** What it has written to its output so far. */
  output(): string;
  /** Sends the signal and resolves when the process has ended. May be called again. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

/** Resolves when the process says which URL to open. */
export async function startSample(env: Record<string, string>): Promise<SampleProcess> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`npm run build:sample\` first.`);
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], NO_COLOR: '1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  testChildren().add(child);
  let output = '';
  const ended = new Promise<Exit>((end) => {
    child.once('close', (code, signal) => end({ code, signal }));
  });
  const opened = new Promise<string>((open) => {
    const listen = (chunk: string): void => {
      output += chunk;
      const port = /Open http:\/\/localhost:(\d+)/.exec(output)?.[1];
      if (port !== undefined) open(`http://127.0.0.1:${port}`);
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
  });
  const url = await Promise.race([
    opened,
    ended.then(({ code, signal }) => {
      throw new Error(
        `The sample ended (${String(signal ?? code)}) before it listened:\n${output}`,
      );
    }),
  ]);
  return {
    url,
    output: () => output,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}
