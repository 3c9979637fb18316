import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgresServer } from '../../support/postgres-server.mjs';
import { querySql, runSql } from './run-sql.mjs';

/** The same for everybody; durability on, which the tests' server leaves off. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  // A checkpoint in the middle would meet whoever has its turn.
  checkpoint_timeout: '1h',
};

/** Where the contestants' stores are: files and databases, each a copy of one that was seeded once. */
export class Places {
  #folder = mkdtempSync(join(tmpdir(), 'factstr-bench-'));
  #server;
  #templates = new Map();
  #next = 0;

  constructor() {
    // Whatever ends the process; the server ends with it by itself.
    process.once('exit', () => this.#removeFolder());
  }

  /** An own store with so many facts. */
  async make({ engine, seed }, size) {
    if (engine === 'memory') return {};
    const name = `${seed.name}_${size}`;
    const key = `${engine} ${name}`;
    if (!this.#templates.has(key)) {
      const began = performance.now();
      const template = await this.#empty(engine, name);
      await seed.run(template, size);
      this.#templates.set(key, template);
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      if (size > 0) console.error(`  seeded ${key} in ${seconds} s`);
    }
    return this.#copy(engine, this.#templates.get(key), `copy_${this.#next++}`);
  }

  /** Removes a store that nobody has open. */
  async remove({ path, url }) {
    if (path !== undefined) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    } else if (url !== undefined) {
      const name = new URL(url).pathname.slice(1);
      await runSql(this.#server.url, `DROP DATABASE ${name} WITH (FORCE)`);
    }
  }

  /** The server's version; undefined where none was needed. */
  async postgresVersion() {
    if (this.#server === undefined) return undefined;
    return (await querySql(this.#server.url, 'SHOW server_version'))[0].server_version;
  }

  async end() {
    await this.#server?.end();
    this.#removeFolder();
  }

  #removeFolder() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #empty(engine, name) {
    if (engine === 'sqlite') return { path: join(this.#folder, `${name}.sqlite`) };
    this.#server ??= await startPostgresServer(SETTINGS);
    await runSql(this.#server.url, `CREATE DATABASE ${name}`);
    return this.#database(name);
  }

  async #copy(engine, { path, url }, name) {
    if (engine === 'sqlite') {
      const copy = join(this.#folder, `${name}.sqlite`);
      // Nobody has the template open: reading a file beside SQLite would drop its locks.
      for (const suffix of ['', '-wal']) {
        if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
      }
      return { path: copy };
    }
    const template = new URL(url).pathname.slice(1);
    await runSql(
      this.#server.url,
      `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`,
      'CHECKPOINT',
    );
    return this.#database(name);
  }

  #database(name) {
    const url = new URL(this.#server.url);
    url.pathname = `/${name}`;
    return { url: url.href };
  }
}
