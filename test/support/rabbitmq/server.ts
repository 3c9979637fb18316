import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { testChildren } from '../children.mjs';
import { freePorts } from '../free-ports.js';
import { until } from '../waiting/until.js';
import { rabbitMqPrograms } from './program.js';

/**
 * One RabbitMQ node with folders, ports, a cookie and a port mapper of its own: it neither needs nor disturbs one that
 * the system runs.
 */
export class RabbitMqServer {
  readonly url: string;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  #mapper: ChildProcess | undefined;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(
    readonly port: number,
    distribution: number,
    mapper: number,
    folder: string,
  ) {
    this.url = `amqp://guest:guest@127.0.0.1:${port}`;
    this.#folder = folder;
    this.#environment = {
      PATH: process.env['PATH'],
      // Its cookie lies there.
      HOME: folder,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(mapper),
      RABBITMQ_NODENAME: `factstr-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      // Erlang takes the script's place: no shell stands between, which would leave it when killed.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}',
    };
  }

  /** `settings` are lines of `rabbitmq.conf`. */
  static async start(settings: readonly string[] = []): Promise<RabbitMqServer> {
    const folder = await mkdtemp(join(tmpdir(), 'factstr-rabbitmq-'));
    const [port, distribution, mapper] = (await freePorts(3)) as [number, number, number];
    const lines = ['log.console.level = warning', ...settings];
    await writeFile(join(folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
    await writeFile(join(folder, 'plugins'), '[].\n');
    const server = new RabbitMqServer(port, distribution, mapper, folder);
    try {
      server.#startMapper();
      await server.run();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** What it has printed. */
  get log(): string {
    return this.#log;
  }

  /** Starts the node, also again; resolves when it takes connections. */
  async run(): Promise<void> {
    const child = this.#spawn(rabbitMqPrograms()!.server, []);
    this.#child = child;
    await until(
      () => this.#takesConnections(),
      () => `RabbitMQ at ${this.url}: ${this.#log.slice(-2_000)}`,
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends it, and resolves when it has ended. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await end(child, signal);
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    await end(this.#mapper, 'SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  #startMapper(): void {
    const { epmd } = rabbitMqPrograms()!;
    this.#mapper = this.#spawn(epmd, ['-port', this.#environment['ERL_EPMD_PORT']!]);
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, {
      cwd: this.#folder,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    testChildren().add(child);
    const note = (text: Buffer): void => void (this.#log = (this.#log + text).slice(-20_000));
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    return child;
  }

  async #takesConnections(): Promise<boolean> {
    try {
      const connection = await connect(this.url);
      await connection.close();
      return true;
    } catch {
      return false;
    }
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill(signal);
  await ended;
}
