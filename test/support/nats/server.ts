import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testChildren } from '../children.mjs';
import { freePorts } from '../free-ports.js';
import { until } from '../waiting/until.js';
import { natsServerProgram } from './binary.js';

/** How a test's servers are set up. */
export interface NatsSettings {
  /** How many servers the cluster has; 1 is a server alone. Default 1. */
  readonly servers?: number;
  /** `always`: each write is on disk before it is acknowledged. Default `always`. */
  readonly sync?: 'always' | '2m';
  /** Bytes. Default: the server's, 1 MiB. */
  readonly maxPayload?: number;
  /** Users with a password each, and what they may do, as a server's configuration has it; default: everyone may do all. */
  readonly users?: string;
  /** The folder of one server's data, by its place; default: folders of the system's. */
  readonly folderOf?: (place: number) => string;
}

/** One server, a process of its own. */
export class NatsServer {
  readonly url: string;
  readonly monitorUrl: string;
  readonly #config: string;
  #child: ChildProcess | undefined;
  #log = '';

  constructor(
    readonly name: string,
    readonly port: number,
    readonly monitorPort: number,
    /** Where it keeps its data. */
    readonly folder: string,
    config: string,
  ) {
    this.url = `nats://127.0.0.1:${port}`;
    this.monitorUrl = `http://127.0.0.1:${monitorPort}`;
    this.#config = config;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What it has printed. */
  get log(): string {
    return this.#log;
  }

  start(): void {
    const child = spawn(natsServerProgram()!, ['-c', this.#config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    testChildren().add(child);
    child.stderr.on('data', (text: Buffer) => (this.#log = (this.#log + text).slice(-20_000)));
    this.#child = child;
  }

  /** Resolves when JetStream answers: the server knows its cluster's leader. */
  async ready(): Promise<void> {
    await until(
      () => this.#isReady(),
      () => `The NATS server ${this.name}: ${this.#log.slice(-2_000)}`,
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends it, and resolves when it has ended. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }

  async #isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.monitorUrl}/healthz`, {
        signal: AbortSignal.timeout(5_000),
      });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }
}

/** Servers that form one cluster, or one alone. */
export class NatsCluster {
  readonly servers: readonly NatsServer[];
  readonly #folder: string;

  private constructor(servers: readonly NatsServer[], folder: string) {
    this.servers = servers;
    this.#folder = folder;
  }

  static async start(settings: NatsSettings = {}): Promise<NatsCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'factstr-nats-'));
    const count = settings.servers ?? 1;
    const ports = await freePorts(count * 3);
    const routes = ports.slice(count * 2).map((port) => `nats://127.0.0.1:${port}`);
    const servers: NatsServer[] = [];
    for (let place = 0; place < count; place++) {
      const name = `n${place + 1}`;
      const data = settings.folderOf?.(place) ?? join(folder, name);
      const config = join(folder, `${name}.conf`);
      const [port, monitor] = [ports[place]!, ports[count + place]!];
      const lines = [
        `server_name: ${name}`,
        `listen: 127.0.0.1:${port}`,
        `http: 127.0.0.1:${monitor}`,
        ...(settings.users === undefined ? [] : [`authorization { users: ${settings.users} }`]),
        ...(settings.maxPayload === undefined ? [] : [`max_payload: ${settings.maxPayload}`]),
        `jetstream { store_dir: ${JSON.stringify(data)}, sync_interval: ${settings.sync ?? 'always'}, max_mem: 64MB, max_file: 20GB }`,
      ];
      if (count > 1) {
        const cluster = `127.0.0.1:${ports[count * 2 + place]!}`;
        lines.push(`cluster { name: facts, listen: ${cluster}, routes: [${routes.join(', ')}] }`);
      }
      await writeFile(config, `${lines.join('\n')}\n`);
      servers.push(new NatsServer(name, port, monitor, data, config));
    }
    const cluster = new NatsCluster(servers, folder);
    try {
      for (const server of servers) server.start();
      for (const server of servers) await server.ready();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get urls(): string[] {
    return this.servers.map(({ url }) => url);
  }

  get monitorUrls(): string[] {
    return this.servers.map(({ monitorUrl }) => monitorUrl);
  }

  /** Ends the servers and removes their data. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
