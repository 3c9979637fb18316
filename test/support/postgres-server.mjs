import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { testChildren } from './children.mjs';

const KEEPER = fileURLToPath(new URL('./postgres-keeper.mjs', import.meta.url));

/** Starts a server of one's own. Types and comments stand in `postgres-server.d.mts`. */
export async function startPostgresServer(settings = {}) {
  const keeper = spawn(process.execPath, [KEEPER, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  testChildren().addKeeper(keeper);
  // The keeper may be gone already when its input is ended.
  keeper.stdin.on('error', () => undefined);
  const exited = once(keeper, 'exit');
  const answers = createInterface({ input: keeper.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await answers.next();
    const message = done
      ? { error: 'The keeper of the Postgres server ended.' }
      : JSON.parse(value);
    if (message.error !== undefined) throw new Error(message.error);
    return message;
  };
  const command = (name) => {
    keeper.stdin.write(`${name}\n`);
    return answer();
  };
  const { url } = await answer();
  return {
    url,
    stop: async () => void (await command('stop')),
    kill: async () => void (await command('kill')),
    start: async () => void (await command('start')),
    async end() {
      keeper.stdin.end();
      await exited;
    },
  };
}
