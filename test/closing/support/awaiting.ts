import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const scripts = {
  store: fileURLToPath(new URL('../processes/awaiting.ts', import.meta.url)),
  application: fileURLToPath(new URL('../processes/awaiting-application.ts', import.meta.url)),
};
const hook = new URL('../../support/typescript-hook.mjs', import.meta.url).href;

/** How a script ended. */
export interface Ended {
  readonly code: number | null;
  readonly last: string | undefined;
  readonly errors: string;
}

/**
 * Runs a script that awaits something and then writes `after: …`. It has no channel to this process, which would keep
 * it alive. `later` is given what ends it.
 */
export async function runAwaiting(
  what: string,
  provider: string,
  place: string,
  later: (undo: () => unknown) => void,
  of: keyof typeof scripts = 'store',
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', hook, scripts[of], what, provider, place],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  later(() => child.kill('SIGKILL'));
  let output = '';
  let errors = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, last: output.trim().split('\n').at(-1), errors };
}
