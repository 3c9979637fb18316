import { LazyModuleLoader, NestFactory, REQUEST } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { FactstrModule, FactstrStore, OnFacts } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import type { Round } from '../support/round.js';
import type { Scenario } from '../support/scenario.js';
import { newStore } from '../support/storage.js';
import { until } from '../../support/waiting/until.js';

/** A store that cannot open, or would open for each request, is its own failure: the running application goes on. */
export const lateStores: Scenario = {
  name: 'late-stores',
  fault: 'a lazily loaded store that cannot open, a store of the request',
  providers: ['memory', 'sqlite', 'postgres'],
  faults: [12, 4],
  async run(round, provider) {
    const delivered: number[] = [];
    class Handlers {
      onFacts(facts: EventRecord[]): void {
        delivered.push(...facts.map(({ sequence_number }) => Number(sequence_number)));
      }
    }
    const onFacts = Object.getOwnPropertyDescriptor(Handlers.prototype, 'onFacts')!;
    OnFacts()(Handlers.prototype, 'onFacts', onFacts);
    const options: FactstrOptions =
      provider === 'memory' ? { provider } : await newStore(round, provider);
    const app = await NestFactory.createApplicationContext(
      {
        module: class Application {},
        imports: [FactstrModule.forRoot(options)],
        providers: [Handlers],
      },
      { logger: false },
    );
    round.later(() => app.close());
    const writing = new Writing(round, app.get(FactstrStore));
    await round.forEachFault(async () => {
      const target = writing.acknowledged.length + round.random.int(5, 40);
      await until(
        () => writing.acknowledged.length >= target || writing.failed,
        () => `${target} acknowledged appends`,
      );
      if (round.random.chance(0.5)) await loadBroken(round, app);
      else await startPerRequest(round);
    });
    await writing.stop();
    await until(
      () => delivered.length >= writing.acknowledged.length || writing.failed,
      () => `${writing.acknowledged.length} facts; ${delivered.length} were delivered`,
    ).catch((error: Error) => round.unexpected(error.message));
    judge(round, writing.acknowledged, delivered);
  },
};

/** Appends one fact after the other, until it is stopped or fails. */
class Writing {
  readonly acknowledged: number[] = [];
  failed = false;
  #stopped = false;
  readonly #ended: Promise<void>;

  constructor(round: Round, store: FactstrStore) {
    this.#ended = this.#write(store).catch((error: Error) => {
      this.failed = true;
      round.unexpected(`an append failed: ${error.message}`);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  async #write(store: FactstrStore): Promise<void> {
    while (!this.#stopped) {
      const n = this.acknowledged.length + 1;
      const { first_sequence_number } = await store.append([{ event_type: 'x', payload: { n } }]);
      this.acknowledged.push(Number(first_sequence_number));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

async function loadBroken(round: Round, app: INestApplicationContext): Promise<void> {
  const name = round.name('broken');
  const broken = FactstrModule.forRoot({ provider: 'sqlite', path: `/dev/null/${name}`, name });
  const loading = app.get(LazyModuleLoader).load(() => broken, { logger: false });
  const loaded = await loading.then(
    () => true,
    () => false,
  );
  if (loaded) round.unexpected(`the store ${name} was opened at /dev/null`);
}

async function startPerRequest(round: Round): Promise<void> {
  let opened = 0;
  const imports = [
    FactstrModule.forRootAsync({
      inject: [REQUEST],
      useFactory: (): FactstrOptions => {
        opened++;
        return { provider: 'memory' };
      },
    }),
  ];
  const starting = NestFactory.createApplicationContext(
    { module: class PerRequest {}, imports },
    { logger: false, abortOnError: false },
  );
  const started = await starting.catch(() => undefined);
  if (started === undefined) return;
  round.unexpected('an application with a store of the request started');
  for (let request = 0; request < 5; request++) await started.resolve(FactstrStore);
  if (opened > 0) round.unexpected(`${opened} stores were opened for 5 requests`);
  await started.close();
}

function judge(round: Round, acknowledged: readonly number[], delivered: readonly number[]): void {
  const times = new Map<number, number>();
  for (const fact of delivered) times.set(fact, (times.get(fact) ?? 0) + 1);
  for (const fact of acknowledged) {
    const count = times.get(fact) ?? 0;
    if (count === 0) round.tally.lost++;
    else round.tally.duplicated += count - 1;
  }
  round.tally.acknowledged += acknowledged.length;
}
