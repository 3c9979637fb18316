import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testChildren } from '../children.mjs';
import { freePorts } from '../free-ports.js';
import { TestProxy } from '../postgres/proxy.js';
import { until } from '../waiting/until.js';
import { kafkaJars } from './jars.js';

/** A small heap, and no compiling for the long run: it lives for a minute. */
const JAVA = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** How a test's server is set up. */
export interface KafkaServerSettings {
  /** Lines of its properties; `$PORT` in them is its port. Later ones count. */
  readonly lines?: readonly string[];
  /** Clients of `proxied` reach it through a proxy. */
  readonly proxy?: boolean;
}

/** One Kafka server that is broker and controller (KRaft), on the loopback address, in a process of its own. */
export class KafkaServer {
  /** Its address. */
  readonly broker: string;
  readonly #port: number;
  readonly #behind: number;
  readonly #folder: string;
  readonly #proxy: TestProxy | undefined;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(port: number, behind: number, folder: string, proxy: TestProxy | undefined) {
    this.#port = port;
    this.#behind = behind;
    this.broker = `127.0.0.1:${port}`;
    this.#folder = folder;
    this.#proxy = proxy;
  }

  static async start({ lines: own = [], proxy }: KafkaServerSettings = {}): Promise<KafkaServer> {
    const folder = await mkdtemp(join(tmpdir(), 'factstr-kafka-'));
    const [port, behind, controller] = (await freePorts(3)) as [number, number, number];
    const proxied = proxy === true ? await TestProxy.start(`tcp://127.0.0.1:${behind}`) : undefined;
    const before = proxied === undefined ? behind : Number(new URL(proxied.url).port);
    const properties = join(folder, 'server.properties');
    const lines = [
      'process.roles=broker,controller',
      'node.id=1',
      `listeners=PLAINTEXT://127.0.0.1:${port},BEHIND://127.0.0.1:${behind},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${port},BEHIND://127.0.0.1:${before}`,
      'controller.listener.names=CONTROLLER',
      'inter.broker.listener.name=PLAINTEXT',
      'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,BEHIND:PLAINTEXT',
      `controller.quorum.bootstrap.servers=127.0.0.1:${controller}`,
      `log.dirs=${join(folder, 'data')}`,
      'auto.create.topics.enable=false',
      'offsets.topic.replication.factor=1',
      'offsets.topic.num.partitions=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      'transaction.state.log.num.partitions=1',
      // After a SIGKILL it is let in again when its earlier session is over.
      'broker.heartbeat.interval.ms=500',
      'broker.session.timeout.ms=3000',
      'num.network.threads=2',
      'num.io.threads=2',
      ...own.map((line) => line.replaceAll('$PORT', String(port))),
    ];
    await writeFile(properties, `${lines.join('\n')}\n`);
    const server = new KafkaServer(port, behind, folder, proxied);
    try {
      const id = randomBytes(16).toString('base64url');
      // In one word: one of 64 ids begins with a dash, and would be an option.
      const format = ['kafka.tools.StorageTool', 'format', '--standalone', `--cluster-id=${id}`];
      await promisify(execFile)('java', [...JAVA, ...classPath(), ...format, '-c', properties]);
      await server.run();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** What stands before it. */
  get proxy(): TestProxy {
    return this.#proxy!;
  }

  /** Its address through the proxy. */
  get proxied(): string {
    return new URL(this.proxy.url).host;
  }

  /** What it has printed. */
  get log(): string {
    return this.#log;
  }

  /** Starts the process, also again; resolves when it takes connections. */
  async run(): Promise<void> {
    const args = [...JAVA, ...classPath(), 'kafka.Kafka', join(this.#folder, 'server.properties')];
    const child = spawn('java', args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] });
    testChildren().add(child);
    child.stderr.on('data', (text: Buffer) => (this.#log = (this.#log + text).slice(-20_000)));
    this.#child = child;
    await until(
      async () => (await takesConnections(this.#port)) && (await takesConnections(this.#behind)),
      () => `Kafka at ${this.broker}: ${this.#log.slice(-2_000)}`,
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

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    await this.#proxy?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function classPath(): string[] {
  return ['-cp', join(kafkaJars()!, '*')];
}

/** Whether a connection to the port of this machine is accepted. */
export async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
