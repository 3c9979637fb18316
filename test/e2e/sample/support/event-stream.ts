import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';

export interface ServerEvent {
  type: string;
  data: string;
}

/** A client of server-sent events. */
export class EventStream {
  readonly #response: IncomingMessage;
  readonly #events: AsyncGenerator<ServerEvent, void>;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.#events = parse(response);
  }

  static open(url: string): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      get(url, (response) => resolve(new EventStream(response))).once('error', reject);
    });
  }

  get contentType(): string | undefined {
    return this.#response.headers['content-type'];
  }

  /** The next event of that type. */
  async next(type: string): Promise<ServerEvent> {
    for (;;) {
      const { done, value } = await this.#events.next();
      if (done) throw new Error(`The stream ended before an event “${type}”.`);
      if (value.type === type) return value;
    }
  }

  /** Resolves when the server ends the stream. */
  async ended(): Promise<void> {
    try {
      while (!(await this.#events.next()).done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    }
  }

  close(): void {
    this.#response.destroy();
  }
}

async function* parse(response: IncomingMessage): AsyncGenerator<ServerEvent, void> {
  let buffer = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    buffer += chunk;
    const blocks = buffer.split('\n\n');
    buffer = blocks.pop()!;
    for (const block of blocks) {
      const type = /^event: (.*)$/m.exec(block)?.[1];
      if (type === undefined) continue;
      yield { type, data: /^data: (.*)$/m.exec(block)?.[1] ?? '' };
    }
  }
}
