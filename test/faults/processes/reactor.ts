// An application that reacts to facts. It tells to which; see `scenarios/reaction-kill.ts`.
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  foreignFact,
} from 'nestjs-factstr';
import type { EventRecord, FactstrOptions, ReactionContext } from 'nestjs-factstr';
import { next, send } from '../../support/child-task.js';
import { serve } from '../../support/processes/serve.js';

export interface ReactorTask {
  readonly options: FactstrOptions;
}

// Whoever started it is gone.
process.on('disconnect', () => process.exit());

const { options } = await next<ReactorTask>();

/** No two are alike: what is repeated would be told by its facts to be another append. */
const consequence = (type: string, of: number) =>
  foreignFact(type, { of, at: Date.now(), random: Math.random() });

@DurableProjection({ name: 'reactions' })
class Reactions {
  @ApplyFact('asked' as never)
  async on(fact: EventRecord, context: Omit<ReactionContext, 'manager'>): Promise<void> {
    const of = Number(fact.sequence_number);
    send({ reacting: of });
    await context.append([consequence('answered', of), consequence('answered too', of)]);
    const before = { filters: [{ event_types: ['decided'], payload_predicates: [{ of }] }] };
    await context.decide(before, () => [consequence('decided', of)], { key: 'decided' });
    // A crash between the appends and the cursor is the fault.
    await delay(Math.random() * 4);
  }
}

const app = await NestFactory.createApplicationContext(
  {
    module: class Application {},
    imports: [FactstrModule.forRoot(options)],
    providers: [Reactions],
  },
  { logger: false },
);
const store = app.get(FactstrStore);
const projections = app.get(FactstrProjections);

await serve({
  ready: () => undefined,
  append: async (count: number) => {
    for (let n = 0; n < count; n++) await store.append([foreignFact('asked', { n })]);
  },
  list: () => projections.list(),
  say: (verb: 'pause' | 'resume' | 'rebuild') => projections[verb]('reactions'),
  close: () => app.close(),
});
