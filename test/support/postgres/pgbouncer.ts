import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { until } from '../waiting/until.js';
import { testChildren } from '../../support/children.mjs';
import { runSql } from '../postgres.js';

/** Debian puts it where only root's PATH goes. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];

/** The program's path; absent where it is not installed. */
export const pgBouncer = folders
  .map((folder) => join(folder, 'pgbouncer'))
  .find((path) => existsSync(path));

export interface Pooler {
  /** The database's URL through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A pooler in transaction mode with fewer server connections than its clients have. */
export async function startPgBouncer(databaseUrl: string): Promise<Pooler> {
  const { hostname, port, pathname, username, password } = new URL(databaseUrl);
  const folder = await mkdtemp(join(tmpdir(), 'factstr-pgbouncer-'));
  const listenPort = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
`,
  );
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (user.uid !== undefined) {
    await chown(folder, user.uid, user.gid);
    await chown(config, user.uid, user.gid);
  }
  const child = spawn(pgBouncer!, [config], {
    ...user,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  testChildren().add(child);
  const exited = once(child, 'exit');
  let log = '';
  child.stderr.on('data', (text: Buffer) => (log += text.toString()));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(listenPort);
  const pooler = {
    url: url.href,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await until(
      () =>
        runSql(pooler.url, 'SELECT 1').then(
          () => true,
          () => false,
        ),
      () => `PgBouncer: ${log.slice(-1_000)}`,
    );
  } catch (error) {
    await pooler.stop();
    throw error;
  }
  return pooler;
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
