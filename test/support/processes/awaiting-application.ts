import { NestFactory } from '@nestjs/core';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';

/** As `awaiting.ts`, in an application that listens to nothing. */
const [what, provider, place] = process.argv.slice(2) as [string, string, string];

const own: FactstrOptions =
  provider === 'memory'
    ? { provider }
    : provider === 'sqlite'
      ? { provider, path: place }
      : { provider: 'postgres', url: place };

const called: string[] = [];
const hang = (): Promise<void> => new Promise(() => undefined);
const isStuck = what.includes('stuck');

class Handlers {
  @OnFacts()
  onFacts() {
    called.push('live');
    return isStuck ? hang() : undefined;
  }

  @DurableProjection({ name: 'one', query: {} })
  one() {
    called.push('durable');
    return isStuck ? hang() : undefined;
  }

  @DurableProjection({ name: 'two', query: {} })
  two() {}

  @DurableProjection({ name: 'three', query: {} })
  three() {}
}

class Application {}

const app = await NestFactory.createApplicationContext(
  {
    module: Application,
    imports: [FactstrModule.forRoot({ ...own, shutdownTimeout: 300, timeout: 1_000 })],
    providers: [Handlers],
  },
  { logger: false },
);
const store = app.get(FactstrStore);
const projections = app.get(FactstrProjections);
await store.append([{ event_type: 'noted', payload: {} }]);
switch (what) {
  case 'app.close() at once':
    break;
  case 'app.close() with stuck handlers':
    while (called.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    break;
  case 'the store’s close with stuck handlers':
    while (called.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await store.close();
    break;
  case 'what projections are asked':
    await projections.waitFor('one', 1n);
    await projections.drained();
    await projections.pause('one');
    await projections.resume('one');
    await projections.rebuild('two');
    await projections.drained();
    await projections.waitFor('one', 9n, { timeout: 100 }).then(
      () => {
        throw new Error('There is no such fact.');
      },
      () => undefined,
    );
    break;
  default:
    throw new Error(`There is no ${what}.`);
}
await app.close();
console.log(`after: ${what}`);
