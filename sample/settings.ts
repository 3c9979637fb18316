import { join, resolve } from 'node:path';
import type { FactstrOptions } from 'nestjs-factstr';

/** What the environment says about this process. */
export class Settings {
  /** 0 picks a free one. */
  readonly port: number;
  readonly host: string;
  /** The folder of the SQLite files. */
  readonly dataDir: string;
  /** Facts and read model go to this Postgres database instead of SQLite. */
  readonly databaseUrl: string | undefined;
  /** Facts go to a stream on these servers of NATS; the read model stays where it is. */
  readonly natsUrls: readonly string[];
  /** Where this process keeps its copy of them: a file of its own, or `memory`. */
  readonly view: string;
  /** Whether this process may keep the read model. Of several processes that may, one does. */
  readonly durable: boolean;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.port = portOf(env['PORT'] || '3000');
    this.host = env['HOST'] || '127.0.0.1';
    this.dataDir = resolve(env['DATA_DIR'] || 'data');
    this.databaseUrl = env['DATABASE_URL'] || undefined;
    this.natsUrls = (env['FACTSTR_NATS_URL'] ?? '').split(',').filter((url) => url !== '');
    this.view = env['FACTSTR_VIEW'] || join(this.dataDir, 'view.sqlite');
    this.durable = env['FACTSTR_DURABLE'] !== 'off';
  }

  get facts(): FactstrOptions {
    const handlers = { live: true, durable: this.durable };
    if (this.natsUrls.length > 0) {
      return {
        provider: 'nats',
        servers: this.natsUrls,
        stream: 'enrolment',
        // Of one server alone, as on a developer's machine, the stream is on that one.
        replicas: Math.min(this.natsUrls.length, 3),
        durability: 'replicated',
        view: this.view,
        handlers,
      };
    }
    return this.databaseUrl === undefined
      ? { provider: 'sqlite', path: join(this.dataDir, 'facts.sqlite'), handlers }
      : { provider: 'postgres', url: this.databaseUrl, handlers };
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`PORT is “${text}”; expected a number from 0 to 65535.`);
}
