import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A message on its way from a client to its server, or back. */
export interface RelayedMessage {
  readonly subject: string;
  /** Where its answer goes; `undefined` where none is asked for. */
  readonly reply: string | undefined;
  /** Headers included. */
  readonly body: Buffer;
}

/** What becomes of an answer: it passes, is lost, is lost with the connection, or another one comes in its place. */
export type Verdict = 'pass' | 'drop' | 'cut' | Buffer;

/** Decides about an answer that the server gave to a request. The client has nothing of it meanwhile. */
export type AnswerHook = (
  request: RelayedMessage,
  answer: RelayedMessage,
) => Verdict | Promise<Verdict>;

/** Stands between a client and one NATS server, and decides about each answer that the server gives. */
export class NatsRelay {
  /** Told of each answer; absent: all pass. */
  onAnswer: AnswerHook | undefined;
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(target: string): Promise<NatsRelay> {
    const relay = new NatsRelay(target);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const server = connect(Number(this.#target.port), this.#target.hostname);
    const requests = new Map<string, RelayedMessage>();
    const asked = new Frames();
    const answered = new Frames();
    let order = Promise.resolve();
    client.on('data', (data) => {
      for (const { raw, message } of asked.push(data)) {
        if (message?.reply !== undefined) requests.set(message.reply, message);
        server.write(raw);
      }
    });
    server.on('data', (data) => {
      for (const { raw, message, line } of answered.push(data)) {
        order = order.then(async () => {
          const request = message && requests.get(message.subject);
          const verdict = request === undefined ? 'pass' : await this.onAnswer?.(request, message!);
          if (verdict === 'drop') return;
          if (verdict === 'cut') client.resetAndDestroy();
          else client.write(Buffer.isBuffer(verdict) ? instead(line, verdict) : raw);
        });
      }
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

interface Frame {
  readonly raw: Buffer;
  readonly line: string;
  /** Absent: what is none. */
  readonly message?: RelayedMessage;
}

const LINE_END = '\r\n';

/** Takes a stream of the client protocol apart. */
class Frames {
  #rest = Buffer.alloc(0);

  *push(data: Buffer): Generator<Frame> {
    this.#rest = Buffer.concat([this.#rest, data]);
    for (;;) {
      const end = this.#rest.indexOf(LINE_END);
      if (end < 0) return;
      const line = this.#rest.toString('latin1', 0, end);
      const [verb = '', ...words] = line.split(/\s+/);
      const kind = verb.toUpperCase();
      const isMessage = ['PUB', 'HPUB', 'MSG', 'HMSG'].includes(kind);
      const bodyStart = end + LINE_END.length;
      const size = isMessage ? Number(words.at(-1)) + LINE_END.length : 0;
      if (this.#rest.length < bodyStart + size) return;
      const raw = this.#rest.subarray(0, bodyStart + size);
      this.#rest = this.#rest.subarray(bodyStart + size);
      if (!isMessage) {
        yield { raw, line };
        continue;
      }
      // Without the subject and, at the end, the sizes; what a server sends names a subscription too.
      const between = words.slice(1, kind.startsWith('H') ? -2 : -1);
      const reply = kind.endsWith('MSG') ? between[1] : between[0];
      const body = raw.subarray(bodyStart, bodyStart + size - LINE_END.length);
      yield { raw, line, message: { subject: words[0]!, reply, body } };
    }
  }
}

/** A message's frame with another body, which has no headers. */
function instead(line: string, body: Buffer): Buffer {
  const [, subject, subscription] = line.split(/\s+/);
  return Buffer.concat([
    Buffer.from(`MSG ${subject} ${subscription} ${body.length}${LINE_END}`),
    body,
    Buffer.from(LINE_END),
  ]);
}
