// An application whose handlers never settle, and which is closed all the same: its process must end by itself.
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DurableProjection, FactstrModule, FactstrStore, OnFacts } from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { done, next, send } from '../../../support/child-task.js';

export interface Task {
  options: FactstrOptions;
  /** Where a transactional projection writes; absent: there is none. */
  readModel?: DataSourceOptions;
}

const { options, readModel } = await next<Task>();
const called = new Set<string>();
let allCalled!: () => void;
const calls = new Promise<void>((resolve) => {
  allCalled = resolve;
});
const kinds = ['live', 'durable', ...(readModel === undefined ? [] : ['transactional'])];

function hang(kind: string): Promise<void> {
  called.add(kind);
  if (kinds.every((each) => called.has(each))) allCalled();
  return new Promise(() => undefined);
}

class Handlers {
  @OnFacts()
  onFacts() {
    return hang('live');
  }

  @DurableProjection({ name: 'durable', query: {} })
  project() {
    return hang('durable');
  }
}

class Transactional {
  @DurableProjection({ name: 'transactional', query: {}, transactional: true, timeout: 200_000 })
  project() {
    return hang('transactional');
  }
}

const app = await NestFactory.createApplicationContext(
  {
    module: class Application {},
    imports: [
      FactstrModule.forRoot(options),
      ...(readModel === undefined
        ? []
        : [TypeOrmModule.forRoot(readModel), FactstrTypeOrmModule.forRoot()]),
    ],
    providers: [Handlers, ...(readModel === undefined ? [] : [Transactional])],
  },
  { logger: false },
);
await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
await calls;
await app.close();
send('closed');
done();
