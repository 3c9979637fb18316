import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * Stands between a store and its server: to be cut, to swallow everything, or to treat the startup options as
 * poolers do. A pooler refuses them by default, and drops them where it is told to ignore them.
 */
export class TestProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #options: 'pass' | 'refuse' | 'drop';
  readonly #sockets = new Set<Socket>();
  #silent = false;

  private constructor(target: string, options: 'pass' | 'refuse' | 'drop') {
    this.#target = new URL(target);
    this.#options = options;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(
    target: string,
    options: 'pass' | 'refuse' | 'drop' = 'pass',
  ): Promise<TestProxy> {
    const proxy = new TestProxy(target, options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** Nothing passes any more, in either direction; connections stay open. */
  freeze(): void {
    this.#silent = true;
  }

  thaw(): void {
    this.#silent = false;
  }

  /** Resets the connections that are open. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    let started = this.#options === 'pass';
    client.on('data', (data) => {
      if (this.#silent) return;
      const startup = started ? undefined : withoutOptions(data);
      started = true;
      if (startup === undefined) server.write(data);
      else if (this.#options === 'drop') server.write(startup);
      else client.end(fatal('08P01', 'unsupported startup parameter: options'));
    });
    server.on('data', (data) => {
      if (!this.#silent) client.write(data);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

/** A startup message without its parameter `options`; absent when it has none. */
export function withoutOptions(message: Buffer): Buffer | undefined {
  const parameters = message.subarray(8).toString('latin1').split('\0');
  const place = parameters.findIndex((name, index) => index % 2 === 0 && name === 'options');
  if (place < 0) return undefined;
  parameters.splice(place, 2);
  const body = Buffer.from(parameters.join('\0'), 'latin1');
  const head = Buffer.from(message.subarray(0, 8));
  head.writeInt32BE(body.length + 8);
  return Buffer.concat([head, body]);
}

function fatal(code: string, message: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
