import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DurableProjection, FactstrModule } from './library.mjs';

/**
 * Runs a projection, as an application would, until `onFacts(count)` returns false. `options` are the
 * decorator's: a new name begins at the log's beginning.
 */
export async function replayProjection(store, options, onFacts) {
  let isOver = false;
  let tellOver;
  const over = new Promise((resolve) => (tellOver = resolve));
  class Handlers {
    handle(facts) {
      if (isOver || onFacts(facts.length)) return;
      isOver = true;
      tellOver();
    }
  }
  const method = Object.getOwnPropertyDescriptor(Handlers.prototype, 'handle');
  DurableProjection({ query: {}, ...options })(Handlers.prototype, 'handle', method);
  class Application {}
  Module({ imports: [FactstrModule.forRoot(store)], providers: [Handlers] })(Application);
  const application = await NestFactory.createApplicationContext(Application, { logger: false });
  try {
    await over;
  } finally {
    await application.close();
  }
}
