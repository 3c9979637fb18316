// An application as its first message describes it: reports what happens, and must end by itself.
import { Module } from '@nestjs/common';
import type { DynamicModule, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DurableProjection, FactstrModule, FactstrStore, OnFacts } from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { done, next, send } from '../../../support/child-task.js';

export interface Task {
  options: FactstrOptions;
  /** Where a provider that is not ours fails. */
  failing?: 'factory' | 'onModuleInit';
  shutdownHooks?: boolean;
  /** Listens for HTTP, so that the process stays until it is told to end. */
  listen?: boolean;
}

const task = await next<Task>();

class Handlers {
  @OnFacts()
  onFacts() {
    send('handled live');
  }

  @DurableProjection({ name: 'all', query: {} })
  project() {
    send('handled durably');
  }
}

const failing = {
  onModuleInit() {
    if (task.failing === 'onModuleInit') throw new Error('not our failure');
  },
};

@Module({})
class Application {
  static with(options: FactstrOptions): DynamicModule {
    return {
      module: Application,
      imports: [FactstrModule.forRoot(options)],
      providers: [
        Handlers,
        {
          provide: 'other',
          inject: [FactstrStore],
          // Fails after the store was opened and used.
          useFactory: async (store: FactstrStore) => {
            await store.append([{ event_type: 'x', payload: {} }]);
            if (task.failing === 'factory') throw new Error('not our failure');
            return failing;
          },
        },
      ],
    };
  }
}

const report = (level: string) => (message: unknown) => send(`${level}: ${String(message)}`);
const ignore = () => undefined;
const logger: LoggerService = {
  log: ignore,
  debug: ignore,
  verbose: ignore,
  warn: report('warn'),
  error: report('error'),
};

try {
  const app = await NestFactory.create(Application.with(task.options), {
    logger,
    abortOnError: false,
  });
  if (task.shutdownHooks) app.enableShutdownHooks();
  if (task.listen) await app.listen(0, '127.0.0.1');
  else await app.init();
  send('started');
  if (!task.listen) {
    await app.close();
    send('closed');
  }
} catch (error) {
  send(`failed: ${(error as Error).message}`);
}
if (!task.listen) done();
