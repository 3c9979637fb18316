import type { EventQuery, EventStreamSubscription } from '../../../lib/contract/contract.types.js';
import { DEFAULT_LIMITS } from '../../../lib/contract/limits.js';
import { prepareQuery } from '../../../lib/contract/validation.js';
import { queryText, sameMeaning } from '../../../lib/matching/query-text.js';
import { DurableName, DurableRun, LiveStream } from '../streams.js';
import type { Ended, System } from '../system.js';
import type { HandlerPlan } from '../test-handler.js';
import { Command, expectEqual } from './command.js';

export interface LiveData {
  readonly store: 0 | 1;
  /** `null`: every fact. */
  readonly query: EventQuery | null;
  readonly plan: HandlerPlan;
}

export class StartLive extends Command {
  constructor(readonly data: LiveData) {
    super();
  }

  protected async act(system: System): Promise<void> {
    const { query, plan } = this.data;
    const owner = await system.store(this.data.store);
    const name = `live stream ${system.live.length}`;
    const stream = new LiveStream(name, query ?? {}, plan, owner, system, system.handlers);
    system.live.push(stream);
    const { handle } = stream.handler;
    system.call(
      this.toString(),
      async () => {
        const called =
          query === null ? owner.face.streamAll(handle) : owner.face.streamTo(query, handle);
        // Stores answer at once, so that it can be ended before it has started; the service does not.
        if (!(called instanceof Promise)) stream.subscription = called;
        stream.subscription = await called;
        await stream.subscription.started;
        stream.started = true;
      },
      (ended) => {
        if ('code' in ended && !stream.handler.stopped) throw new Error(ended.code);
      },
    );
  }
}

export interface EndData {
  /** Which one, as a number from 0 to 1. */
  readonly which: number;
}

export class EndLive extends Command {
  constructor(readonly data: EndData) {
    super();
  }

  protected async act({ live }: System): Promise<void> {
    const stream = live[Math.floor(this.data.which * live.length)];
    if (stream?.subscription === undefined) return;
    stream.subscription.unsubscribe();
    stream.handler.stop();
  }
}

export interface DurableData {
  readonly store: 0 | 1;
  readonly name: string;
  readonly query: EventQuery;
  /** Whether a known name is registered with this query, whatever it was first registered with. */
  readonly ownQuery: boolean;
  readonly plan: HandlerPlan;
}

export class StartDurable extends Command {
  constructor(readonly data: DurableData) {
    super();
  }

  protected async act(system: System): Promise<void> {
    const { name, plan } = this.data;
    let durable = system.durables.get(name);
    if (durable === undefined) {
      system.durables.set(name, (durable = new DurableName(name, system.log)));
    }
    const { run } = durable;
    // Of two that register at the same time either may win.
    if (run?.state === 'registering') await system.settle();
    // Whether it still runs is known only when it can have failed no more.
    if (run !== undefined && run.state !== 'stopped' && run.handler.plan.failsAt.length > 0) {
      await system.quiesce();
    }
    const owner = await system.store(this.data.store);
    const query = this.data.ownQuery ? this.data.query : (durable.query ?? this.data.query);
    const refusal = refusalOf(durable, query);
    if (refusal !== undefined) {
      system.register(
        this.toString(),
        () => owner.face.streamToDurable({ name }, query, () => undefined),
        (ended) => expectEqual('code' in ended ? ended : 'a subscription', { code: refusal }),
      );
      return system.settle();
    }
    durable.query ??= query;
    const next = new DurableRun(durable, owner, plan, system, system.handlers);
    durable.run = next;
    const { acknowledged } = system;
    system.register(
      this.toString(),
      () => owner.face.streamToDurable({ name }, query, next.handler.handle),
      (ended) => registered(system, durable, next, ended, acknowledged),
    );
  }
}

function refusalOf({ run, query: first }: DurableName, query: EventQuery): string | undefined {
  if (run?.isActive === true) return 'DURABLE_STREAM_ACTIVE';
  if (first === undefined) return undefined;
  const text = queryText(prepareQuery(first, DEFAULT_LIMITS));
  if (sameMeaning(text, prepareQuery(query, DEFAULT_LIMITS))) return undefined;
  return 'DURABLE_STREAM_QUERY_CHANGED';
}

function registered(
  system: System,
  durable: DurableName,
  run: DurableRun,
  ended: Ended<EventStreamSubscription>,
  acknowledged: number,
): void {
  if ('value' in ended) {
    run.subscription = ended.value;
    if (run.state === 'registering') run.state = 'running';
    if (!durable.hasReached(acknowledged)) {
      throw new Error(`resolved before the replay had reached ${acknowledged}`);
    }
  } else if (ended.code === 'STREAM_HANDLER_FAILED' && run.state === 'failed') system.rejections++;
  else if (run.state !== 'stopped') throw new Error(`rejected with ${ended.code}`);
  else if (!['STREAM_ENDED', 'STORE_CLOSED', 'STREAM_HANDLER_FAILED'].includes(ended.code)) {
    throw new Error(`rejected with ${ended.code} when it was stopped`);
  }
}

export class EndDurable extends Command {
  constructor(readonly data: EndData) {
    super();
  }

  protected async act({ durables }: System): Promise<void> {
    const runs = [...durables.values()].flatMap(({ run }) =>
      run?.state === 'running' ? [run] : [],
    );
    const run = runs[Math.floor(this.data.which * runs.length)];
    run?.subscription?.unsubscribe();
    run?.stop();
  }
}
