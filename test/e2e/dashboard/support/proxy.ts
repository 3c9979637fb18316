import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/**
 * An HTTP proxy as it stands in front of applications: it takes a beginning off each request’s path, and does not tell
 * the application.
 */
export class StrippingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #strip: string;
  /** What requests get while the application is not to be reached. */
  #isDown = false;

  private constructor(target: () => string, strip: string) {
    this.#strip = strip;
    this.#server = createServer((incoming, answer) => this.#pass(target(), incoming, answer));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** `strip` is a path such as `/operations`; empty: every path is passed on as it is. */
  static async start(target: string | (() => string), strip = ''): Promise<StrippingProxy> {
    const to = typeof target === 'string' ? () => target : target;
    const proxy = new StrippingProxy(to, strip);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#strip}`;
  }

  /** Breaks every connection, and refuses new ones until `restore`. */
  cut(): void {
    this.#isDown = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#isDown = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(target: string, incoming: IncomingMessage, answer: ServerResponse): void {
    const path = incoming.url!;
    if (this.#isDown || !path.startsWith(`${this.#strip}/`)) {
      answer.writeHead(this.#isDown ? 502 : 404).end();
      return;
    }
    const outgoing = request(
      `${target}${path.slice(this.#strip.length)}`,
      { method: incoming.method, headers: incoming.headers },
      (response) => {
        answer.writeHead(response.statusCode!, response.headers);
        // An event stream’s head has to arrive before its first event.
        answer.flushHeaders();
        response.pipe(answer);
        response.once('error', () => answer.destroy());
      },
    );
    outgoing.once('error', () => answer.destroy());
    answer.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }
}
