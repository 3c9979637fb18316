import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import { NatsCluster } from '../support/nats/server.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';
import { PackedPackage, node, npm, repository } from './support/packed.js';

// `nestjs-factstr/nats`, whose client's packages are optional.

const CLIENT = ['@nats-io/transport-node', '@nats-io/jetstream', '@nats-io/kv'] as const;

it('the declarations that users reach do not name the NATS client', async () => {
  const seen = new Set<string>();
  const naming: string[] = [];
  const walk = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = await readFile(file.replace(/\.js$/, '.d.ts'), 'utf8');
    if (text.includes('@nats-io/')) naming.push(file);
    for (const [, name] of text.matchAll(/(?:from |import\()'(\.[^']+)'/g)) {
      await walk(join(dirname(file), name!));
    }
  };
  for (const entry of ['index.js', 'nats/index.js', 'stores/index.js']) {
    await walk(join(repository, 'dist', entry));
  }
  expect(seen.size).toBeGreaterThan(20);
  // Of a comment of the options.
  expect(naming).toEqual([join(repository, 'dist/nats/options.js')]);
});

describeWith(nats, 'the packed store on NATS', () => {
  const packed = PackedPackage.ofSuite();
  let target: string;
  beforeAll(async () => {
    target = await packed.application('nats', { 'package.json': 'bare/package.json' });
  }, 300_000);

  const run = (url: string): Promise<string> =>
    node(
      target,
      '--input-type=module',
      '-e',
      `import { FactstrNatsStore } from 'nestjs-factstr/nats';
       const [servers] = [${JSON.stringify(url)}];
       const store = new FactstrNatsStore({ servers, stream: 'facts', replicas: 1, durability: 'replicated' });
       try {
         const { last_sequence_number } = await store.append([{ event_type: 'a', payload: {} }]);
         const seen = Promise.withResolvers();
         await store.streamAllDurable({ name: 'reader' }, (facts) => seen.resolve(facts.length));
         console.log(last_sequence_number, await seen.promise);
       } catch (error) {
         console.log(error.code, error.message);
       } finally {
         await store.close();
       }`,
    );

  it('is imported without the client, says what it lacks when it is opened, and runs with it', async () => {
    const install = new RegExp(`npm install ${CLIENT.join(' ')}`);
    expect(await run('nats://127.0.0.1:1')).toMatch(/^MISSING_DRIVER .*transport-node/);
    expect(await run('nats://127.0.0.1:1')).toMatch(install);
    const { peerDependencies } = JSON.parse(
      await readFile(join(repository, 'package.json'), 'utf8'),
    ) as { peerDependencies: Record<string, string> };
    const [transport, ...others] = CLIENT.map((name) => `${name}@${peerDependencies[name]}`);
    await npm(target, 'install', '--no-audit', '--no-fund', transport!);
    expect(await run('nats://127.0.0.1:1')).toMatch(/^MISSING_DRIVER .*"@nats-io\/jetstream"/);
    await npm(target, 'install', '--no-audit', '--no-fund', ...others);
    expect(await run('nats://127.0.0.1:1')).toMatch(/^DATABASE_UNAVAILABLE .*127\.0\.0\.1:1/);
    const cluster = await NatsCluster.start();
    try {
      expect((await run(cluster.urls[0]!)).trim()).toBe('1n 1');
    } finally {
      await cluster.stop();
    }
  }, 300_000);
});
