import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { withoutOptions } from './proxy.js';

/**
 * Where a request's connection is cut. The server has then
 * - `before`: nothing of it;
 * - `within`: its first message;
 * - `executed`: all but the word that commits it, and has carried it out;
 * - `unanswered`: all of it, and has answered; no byte of the answer arrives;
 * - `half`: the same, and the answer arrives without its end.
 */
export const CUTS = ['before', 'within', 'executed', 'unanswered', 'half'] as const;
export type Cut = (typeof CUTS)[number];

/** Whether the server may have carried out what a connection was cut at. */
export function mayCount(cut: Cut): boolean {
  return cut === 'unanswered' || cut === 'half';
}

/** What a client asks for up to the next answer. */
export interface Request {
  /** The SQL; of a prepared statement too. */
  readonly text: string;
  readonly connection: number;
}

/** What becomes of a request; `undefined`: it passes. A promise keeps it from the server until it resolves. */
export type Fate = Cut | Held | Promise<void> | undefined;

/** What becomes of a notification: how often it arrives, and when. */
export type NotificationFate = { times: number; when?: Promise<void> };

interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Stands between a client and its server, and knows where requests and answers begin and end. */
export class Wire {
  readonly #server: Server;
  readonly #target: URL;
  readonly #dropsOptions: boolean;
  readonly #links = new Set<Link>();
  #accepted = 0;
  readonly #held: Held[] = [];
  /** All requests so far. */
  readonly requests: Request[] = [];
  fate: (request: Request) => Fate = () => undefined;
  notified: () => NotificationFate = () => ({ times: 1 });

  private constructor(target: string, dropsOptions: boolean) {
    this.#target = new URL(target);
    this.#dropsOptions = dropsOptions;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  /** With `dropsOptions` as a pooler that shares its sessions, and ignores their settings. */
  static async start(target: string, { dropsOptions = false } = {}): Promise<Wire> {
    const wire = new Wire(target, dropsOptions);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** What is asked for while `work` runs. */
  async during(work: () => Promise<unknown>): Promise<string[]> {
    const before = this.requests.length;
    await work();
    return this.requests.slice(before).map(({ text }) => text);
  }

  /** Lets the `n`-th request from now that fits, counted from 0, be cut; returns whether it came. */
  cutAt(n: number, cut: Cut, fits: (text: string) => boolean = () => true): () => boolean {
    let count = 0;
    this.fate = ({ text }) => (fits(text) && count++ === n ? cut : undefined);
    return () => count > n;
  }

  /** Holds the answer to the next request that fits. */
  holdNext(fits: (text: string) => boolean): Held {
    const held = new Held();
    this.#held.push(held);
    this.fate = ({ text }) => {
      if (!fits(text)) return undefined;
      this.fate = () => undefined;
      return held;
    };
    return held;
  }

  /** Everything passes, and what is held too. */
  pass(): void {
    for (const held of this.#held.splice(0)) held.release();
    this.fate = () => undefined;
    this.notified = () => ({ times: 1 });
  }

  /** Resets all connections. */
  cut(): void {
    for (const link of this.#links) link.cut();
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const server = connect({
      port: Number(this.#target.port),
      host: this.#target.hostname,
      noDelay: true,
    });
    const link = new Link(client, server, this, this.#accepted++, this.#dropsOptions);
    this.#links.add(link);
    link.ended = () => this.#links.delete(link);
  }
}

/** An answer that is kept back. */
export class Held {
  /** The server's answer is here. */
  came!: () => void;
  /** Lets the answer pass, or cuts the connection. */
  release!: (cut?: Cut) => void;
  /** The server has answered. */
  readonly answered: Promise<void> = new Promise((resolve) => (this.came = resolve));
  readonly released: Promise<Cut | undefined> = new Promise((resolve) => (this.release = resolve));
}

/** One connection. */
class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #wire: Wire;
  readonly #number: number;
  readonly #asked: Framing;
  readonly #answered: Framing;
  readonly #texts = new Map<string, string>();
  /** The request that is being sent. */
  #request: Message[] = [];
  /** What becomes of the answer that is awaited. */
  #cut: Cut | undefined;
  #hold: Held | undefined;
  #kept: Buffer[] = [];
  ended: () => void = () => undefined;

  constructor(client: Socket, server: Socket, wire: Wire, number: number, dropsOptions: boolean) {
    this.#client = client;
    this.#server = server;
    this.#wire = wire;
    this.#number = number;
    this.#asked = new Framing(true);
    this.#answered = new Framing(false);
    client.on('data', (data) => {
      for (const message of this.#asked.read(data)) {
        if (message.type === '') {
          const startup = dropsOptions ? withoutOptions(message.bytes) : undefined;
          server.write(startup ?? message.bytes);
        } else this.#ask(message);
      }
    });
    server.on('data', (data) => {
      for (const message of this.#answered.read(data)) this.#answer(message);
    });
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.ended();
        client.destroy();
        server.destroy();
      });
    }
  }

  cut(): void {
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }

  #ask(message: Message): void {
    // What is no request of SQL: a password, the end.
    if (!'PBDECSQH'.includes(message.type)) {
      this.#server.write(message.bytes);
      return;
    }
    this.#request.push(message);
    if (message.type !== 'S' && message.type !== 'Q') return;
    const request = this.#request;
    this.#request = [];
    const fate = this.#decide(request);
    if (fate instanceof Promise) {
      void fate.then(() => this.#send(request));
      return;
    }
    if (typeof fate === 'string') {
      if (fate === 'before') return this.cut();
      this.#cut = fate;
    } else if (fate !== undefined) this.#hold = fate;
    if (this.#cut === 'within') {
      this.#server.write(message.type === 'Q' ? message.bytes.subarray(0, 7) : request[0]!.bytes);
      this.cut();
    } else if (this.#cut === 'executed' && message.type === 'S') {
      // What is done without Sync waits to be committed; Flush asks for its answer.
      this.#send([...request.slice(0, -1), { type: 'H', bytes: Buffer.from([0x48, 0, 0, 0, 4]) }]);
    } else this.#send(request);
  }

  #decide(request: readonly Message[]): Fate {
    const parsed = request.find(({ type }) => type === 'P' || type === 'Q');
    const bound = request.find(({ type }) => type === 'B');
    let text = '';
    if (parsed?.type === 'Q') text = textAt(parsed.bytes, 5);
    else if (parsed !== undefined) {
      const name = textAt(parsed.bytes, 5);
      text = textAt(parsed.bytes, 6 + Buffer.byteLength(name));
      this.#texts.set(name, text);
    } else if (bound !== undefined) {
      const portal = textAt(bound.bytes, 5);
      text = this.#texts.get(textAt(bound.bytes, 6 + Buffer.byteLength(portal))) ?? '';
    }
    const asked = { text, connection: this.#number };
    this.#wire.requests.push(asked);
    return this.#wire.fate(asked);
  }

  #send(messages: readonly Message[]): void {
    this.#server.write(Buffer.concat(messages.map(({ bytes }) => bytes)));
  }

  #answer({ type, bytes }: Message): void {
    if (type === 'A') {
      void this.#notify(bytes);
      return;
    }
    if (this.#cut === undefined && this.#hold === undefined) {
      this.#client.write(bytes);
      return;
    }
    this.#kept.push(bytes);
    const isOver = type === 'Z' || (this.#cut === 'executed' && (type === 'C' || type === 'E'));
    if (!isOver) return;
    if (this.#cut !== undefined) this.#end(this.#cut);
    else {
      this.#hold!.came();
      void this.#hold!.released.then((cut) => this.#end(cut));
    }
  }

  /** The whole answer is here. */
  #end(cut: Cut | undefined): void {
    const kept = this.#kept.splice(0);
    this.#cut = undefined;
    this.#hold = undefined;
    if (cut === 'half' && kept.length > 1) {
      this.#client.write(Buffer.concat(kept.slice(0, -1)), () => this.cut());
    } else if (cut !== undefined) this.cut();
    else this.#client.write(Buffer.concat(kept));
  }

  async #notify(bytes: Buffer): Promise<void> {
    const { times, when } = this.#wire.notified();
    await when;
    for (let time = 0; time < times && this.#client.writable; time++) this.#client.write(bytes);
  }
}

/** Takes a stream apart into messages. A client's first one has no type. */
class Framing {
  #rest: Buffer = Buffer.alloc(0);
  #isStartup: boolean;

  constructor(isClient: boolean) {
    this.#isStartup = isClient;
  }

  *read(data: Buffer): Generator<Message> {
    this.#rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    for (;;) {
      const head = this.#isStartup ? 0 : 1;
      if (this.#rest.length < head + 4) return;
      const length = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < length) return;
      const bytes = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      const type = head === 0 ? '' : String.fromCharCode(bytes[0]!);
      this.#isStartup = false;
      yield { type, bytes };
    }
  }
}

/** The text that ends with the next NUL. */
function textAt(bytes: Buffer, start: number): string {
  return bytes.toString('utf8', start, bytes.indexOf(0, start));
}
