// An application with projections, as its first message describes it. It tells what its handlers did, and does
// what it is told: see `fixtures/projecting-application.ts`.
import { NestFactory } from '@nestjs/core';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions, ProjectionContext } from 'nestjs-factstr';
import { next, send } from '../child-task.js';
import { openEffects } from '../fixtures/effects.js';
import type { EffectsTask } from '../fixtures/effects.js';
import { readModel } from './read-model.js';
import { serve } from './serve.js';

export interface Task {
  options: FactstrOptions;
  projections: string[];
  /** Where the handlers write what they did; absent: nowhere. */
  effects?: EffectsTask;
}

const task = await next<Task>();
const effects = task.effects && (await openEffects(task.effects));
const transactional = task.effects?.transactional === true;
let gate: { opened: Promise<void>; open(): void } | undefined;

class Projections {
  async handle(name: string, facts: EventRecord[], context: ProjectionContext): Promise<void> {
    const numbers = facts.map(({ sequence_number }) => sequence_number);
    send({ called: name, numbers });
    await gate?.opened;
    await effects?.apply(name, facts, context);
    send({ handled: name, numbers });
  }
}
for (const name of task.projections) {
  Object.defineProperty(Projections.prototype, name, {
    configurable: true,
    value(this: Projections, facts: EventRecord[], context: ProjectionContext) {
      return this.handle(name, facts, context);
    },
  });
  const descriptor = Object.getOwnPropertyDescriptor(Projections.prototype, name)!;
  DurableProjection({ name, query: {}, transactional })(Projections.prototype, name, descriptor);
}

const app = await NestFactory.createApplicationContext(
  {
    module: class Application {},
    imports: [
      FactstrModule.forRoot({ ...task.options, handlers: false }),
      ...(transactional ? readModel(task.effects!) : []),
    ],
    providers: [Projections],
  },
  { logger: false },
);
const projections = app.get(FactstrProjections);
await serve({
  ready: () => undefined,
  start: () => projections.start(),
  append: async (count: number, perBatch = 1) => {
    for (let n = 0; n < count; n += perBatch) {
      const fact = { event_type: 'counted', payload: { n } };
      await app.get(FactstrStore).append(Array.from({ length: perBatch }, () => fact));
    }
  },
  list: () => projections.list(),
  say: (verb: 'pause' | 'resume' | 'rebuild', name: string) => projections[verb](name),
  hold: () => {
    let open!: () => void;
    gate = { opened: new Promise((resolve) => (open = resolve)), open: () => open() };
  },
  open: () => {
    gate?.open();
    gate = undefined;
  },
  close: () => app.close(),
});
