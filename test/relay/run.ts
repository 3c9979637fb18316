// Relays facts to NATS while the relay's process and the server are killed, frozen and taken away:
//   npm run test:relay -- --facts 100000 --faults 40 --seed 1 [--provider sqlite|postgres] [--servers 3]
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FactstrPostgresStore, FactstrSqliteStore } from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { startPostgresServer } from '../support/postgres-server.mjs';
import { createDatabase } from '../support/postgres.js';
import { relayUnderFaults } from './support/under-faults.js';

const { values } = parseArgs({
  options: {
    facts: { type: 'string', default: '100000' },
    faults: { type: 'string', default: '40' },
    seed: { type: 'string' },
    servers: { type: 'string', default: '1' },
    provider: { type: 'string', default: 'sqlite' },
  },
});
const seed = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
const [facts, faults, servers] = [values.facts, values.faults, values.servers].map(Number) as [
  number,
  number,
  number,
];
console.log(
  `seed ${seed}: ${facts} facts, ${faults} faults, ${values.provider}, ${servers} NATS server(s)`,
);

const folder = await mkdtemp(join(tmpdir(), 'factstr-relay-'));
const postgres = values.provider === 'postgres' ? await startPostgresServer() : undefined;
try {
  const options: FactstrOptions =
    postgres === undefined
      ? { provider: 'sqlite', path: join(folder, 'facts.sqlite') }
      : { provider: 'postgres', url: (await createDatabase(postgres.url)).url };
  const store =
    options.provider === 'postgres'
      ? new FactstrPostgresStore(options.url)
      : new FactstrSqliteStore(options.path);
  try {
    const figures = await relayUnderFaults({
      store,
      options,
      facts,
      seed,
      faults,
      servers,
      log: (line) => console.log(line),
    });
    const { milliseconds, lost, duplicated, reordered, changed } = figures;
    console.log(
      `${figures.facts} facts in ${(milliseconds / 1_000).toFixed(1)} s, faults included: ${JSON.stringify(figures.faults)}`,
    );
    console.log(
      `lost ${lost}, duplicated ${duplicated}, reordered ${reordered}, changed ${changed}`,
    );
    if (lost + duplicated + reordered + changed > 0) process.exitCode = 1;
  } finally {
    await store.close();
  }
} finally {
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
}
