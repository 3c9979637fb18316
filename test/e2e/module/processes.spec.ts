import { afterEach, describe, expect, it } from '@jest/globals';
import { readModelOptions } from '../../support/fixtures/read-models.js';
import { TestProcess } from '../../support/child-process.js';
import type { Task } from './processes/application.js';
import type { Task as StuckTask } from './processes/stuck.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { describeOn } from '../../support/servers/describe-on.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

function run(task: Task, environment: NodeJS.ProcessEnv = {}): TestProcess {
  const script = new URL('./processes/application.ts', import.meta.url);
  const child = new TestProcess(script, task, environment);
  fixtures.later(() => child.kill());
  return child;
}

/** Its messages up to and with the given one. */
async function until(child: TestProcess, last: RegExp): Promise<string[]> {
  const messages: string[] = [];
  do messages.push(await child.next<string>());
  while (!last.test(messages.at(-1)!));
  return messages;
}

describeOn(['memory', 'sqlite', 'postgres', 'nats'], 'A process on %s', (provider) => {
  it('ends by itself after app.close()', async () => {
    const child = run({ options: await optionsOf(provider, fixtures) });
    await until(child, /^closed$/);
    expect(await child.exited).toBe('0');
  });
});

// A connection to NATS stays open until the store is closed, which Nest does not ask for then.
describe.each(['memory', 'sqlite', 'postgres'] as const)('A process on %s', (provider) => {
  it.each(['factory', 'onModuleInit'] as const)(
    'ends by itself when another provider fails in its %s',
    async (failing) => {
      const child = run({ options: await optionsOf(provider, fixtures), failing });
      await until(child, /^failed: not our failure$/);
      expect(await child.exited).toBe('0');
    },
  );
});

/** Longer than the test takes: what waits for a deadline fails it. */
const never = { timeout: 600_000, shutdownTimeout: 200 };

describeOn(['memory', 'sqlite', 'postgres', 'nats'], 'A process on %s', (provider) => {
  it('ends by itself after app.close(), also when handlers never settle', async () => {
    const options = { ...(await optionsOf(provider, fixtures)), ...never };
    const script = new URL('./processes/stuck.ts', import.meta.url);
    const child = new TestProcess(script, { options } satisfies StuckTask);
    fixtures.later(() => child.kill());
    await until(child, /^closed$/);
    expect(await child.exited).toBe('0');
  });
});

describe.each(['sqlite', 'postgres'] as const)('A process with a read model in %s', (kind) => {
  it('ends by itself after app.close(), also when a transaction’s handler never settles', async () => {
    // A handler's deadline is shorter than the lease's time.
    const options = { ...(await optionsOf('sqlite', fixtures)), ...never, leaseTtl: 600_000 };
    const readModel = await readModelOptions(kind, fixtures);
    const script = new URL('./processes/stuck.ts', import.meta.url);
    const task: StuckTask = { options, readModel: { ...readModel, entities: [] } };
    const child = new TestProcess(script, task);
    fixtures.later(() => child.kill());
    await until(child, /^closed$/);
    expect(await child.exited).toBe('0');
  });
});

describe('A process that nobody tells to end', () => {
  const application = { NODE_ENV: 'production', JEST_WORKER_ID: undefined };

  it('warns once that enableShutdownHooks() is missing', async () => {
    const child = run({ options: { provider: 'memory' }, listen: true }, application);
    const messages = await until(child, /^warn:/);
    expect(messages).toContain('started');
    expect(messages.at(-1)).toMatch(/Nobody listens to SIGTERM.*enableShutdownHooks/);
  });

  it('drains on SIGTERM when the hooks are enabled', async () => {
    const child = run(
      { options: await optionsOf('postgres', fixtures), listen: true, shutdownHooks: true },
      application,
    );
    await until(child, /^started$/);
    await child.kill('SIGTERM');
    expect(await child.exited).toBe('SIGTERM');
  });
});
