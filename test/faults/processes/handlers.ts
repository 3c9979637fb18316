// An application whose handlers do what the facts tell them; see `support/acts.ts` and `support/handlers.ts`.
import { NestFactory } from '@nestjs/core';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type {
  EventQuery,
  EventRecord,
  FactstrOptions,
  NewEvent,
  ProjectionContext,
} from 'nestjs-factstr';
import { openEffects } from '../../support/fixtures/effects.js';
import type { Database } from '../../support/fixtures/effects.js';
import { next, send } from '../../support/child-task.js';
import { Misbehaviour } from '../support/misbehaviour.js';
import { readModel } from '../../support/processes/read-model.js';
import { serve } from '../../support/processes/serve.js';

export interface PlannedProjection {
  readonly name: string;
  readonly version?: number;
  readonly query: EventQuery;
  readonly transactional: boolean;
  readonly onFailure?: 'pause' | 'park';
  readonly batch?: { maxFacts: number };
}

export interface HandlersTask {
  readonly options: FactstrOptions;
  readonly effects: Database;
  /** Where transactional handlers write. */
  readonly transactionalCommits: Database;
  readonly projections: readonly PlannedProjection[];
  /** By projection: up to which fact its handler behaves. */
  readonly cured: ReadonlyMap<string, number>;
}

/** What the process tells by itself. */
export type Told =
  | { called: string; numbers: number[]; attempt: number }
  | { unhandled: string }
  | { lateWrite: 'refused' | 'written' };

// Whoever started it is gone.
process.on('disconnect', () => process.exit());
// As applications listen; Node would end the process, which is another fault.
process.on('unhandledRejection', (error) => tell({ unhandled: (error as Error).message }));

const task = await next<HandlersTask>();
const { projections: planned } = task;
const plain = await openEffects(task.effects);
const isTransactional = planned.some(({ transactional }) => transactional);
const transactional = isTransactional
  ? await openEffects({ ...task.transactionalCommits, transactional: true })
  : plain;
const misbehaviour = new Misbehaviour(task.cured, (lateWrite) => tell({ lateWrite }));

class Handlers {}
for (const projection of planned) {
  const { name, version = 1 } = projection;
  const key = version === 1 ? name : `${name}@${version}`;
  const effects = projection.transactional ? transactional : plain;
  const handle = (facts: EventRecord[], context: ProjectionContext): unknown => {
    const numbers = facts.map(({ sequence_number }) => Number(sequence_number));
    tell({ called: key, numbers, attempt: context.attempt });
    return misbehaviour.handle(key, facts, context, () => effects.apply(key, facts, context));
  };
  Object.defineProperty(Handlers.prototype, key, { configurable: true, value: handle });
  const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, key)!;
  DurableProjection(projection)(Handlers.prototype, key, descriptor);
}

const app = await NestFactory.createApplicationContext(
  {
    module: class Application {},
    imports: [
      FactstrModule.forRoot(task.options),
      ...(isTransactional ? readModel(task.transactionalCommits) : []),
    ],
    providers: [Handlers],
  },
  { logger: false },
);
const store = app.get(FactstrStore);
const projections = app.get(FactstrProjections);

await serve({
  ready: () => undefined,
  append: async (events: NewEvent[]) => {
    const { first_sequence_number, last_sequence_number } = await store.append(events);
    return [Number(first_sequence_number), Number(last_sequence_number)];
  },
  log: async () => (await store.query({})).event_records,
  list: () => projections.list(),
  say: (verb: 'pause' | 'resume' | 'rebuild' | 'retryParked', name: string) =>
    projections[verb](name),
  cure: (name: string, until: number) => misbehaviour.cure(name, until),
  close: () => app.close(),
});

function tell(what: Told): void {
  send(what);
}
