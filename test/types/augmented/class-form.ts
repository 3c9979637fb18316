import { ApplyFact, DurableProjection, FactstrModule, factQuery, facts } from 'nestjs-factstr';
import type {
  AppendResult,
  AroundHandlers,
  EventRecord,
  FactRecord,
  ProjectionContext,
  ReactionContext,
} from 'nestjs-factstr';

type Added = FactRecord<'item-added'>;
type Removed = FactRecord<'item-removed'>;

@DurableProjection({ name: 'items', version: 2, batch: { maxFacts: 10 }, onFailure: 'park' })
export class Items {
  constructor(readonly dependency: string) {}

  @ApplyFact('item-added')
  add(fact: Added, context: ProjectionContext) {
    fact.payload.tags satisfies string[];
    context.sequenceNumber satisfies bigint;
  }

  @ApplyFact(['item-removed', 'counted'])
  async several(fact: FactRecord<'item-removed' | 'counted'>) {
    if (fact.event_type === 'counted') fact.payload satisfies number;
    else fact.payload.reason satisfies 'sold' | 'broken';
  }
}

@DurableProjection({ name: 'others', query: undefined })
export abstract class Others {
  @ApplyFact('item-added')
  anyFact(fact: EventRecord) {
    void fact;
  }

  @ApplyFact('item-added')
  withoutParameters() {}

  @ApplyFact('item-added')
  verdict(): boolean {
    return false;
  }

  // @ts-expect-error the parameter is another fact
  @ApplyFact('item-added')
  otherFact(fact: Removed) {
    void fact;
  }

  // @ts-expect-error the parameter lacks one of the types
  @ApplyFact(['item-added', 'item-removed'])
  tooNarrow(fact: Added) {
    void fact;
  }

  // @ts-expect-error a batch is not one fact
  @ApplyFact('item-added')
  batch(facts: Added[]) {
    void facts;
  }

  // @ts-expect-error no such type
  @ApplyFact('item-lost')
  unknownType() {}

  // @ts-expect-error nobody passes a third argument
  @ApplyFact('item-added')
  thirdParameter(fact: Added, context: ProjectionContext, more: string) {
    void [fact, context, more];
  }

  // @ts-expect-error a synchronous result is a verdict or nothing
  @ApplyFact('counted')
  number(): number {
    return 1;
  }

  // @ts-expect-error a property is no method
  @ApplyFact('item-added')
  property = 1;
}

export class Misuses {
  // @ts-expect-error without a query it decorates classes
  @DurableProjection({ name: 'x' })
  method(facts: Added[]) {
    void facts;
  }
}

// @ts-expect-error with a query it decorates methods
@DurableProjection({ name: 'x', query: 'item-added' })
export class WithQuery {}

// @ts-expect-error a name is required
@DurableProjection({})
export class Nameless {}

// @ts-expect-error methods carry it
@ApplyFact('item-added')
export class Applied {}

const around: AroundHandlers = async (call, next) => {
  call.context.signal satisfies AbortSignal;
  call.facts[0]!.sequence_number satisfies bigint;
  if (call.kind === 'projection') {
    call.projection satisfies string;
    call.context.attempt satisfies number;
  } else {
    call.projection satisfies undefined;
  }
  return next();
};
FactstrModule.forRoot({ provider: 'memory', around });
// @ts-expect-error whoever wraps waits
FactstrModule.forRoot({ provider: 'memory', around: (_call, next) => void next() });

@DurableProjection({ name: 'reactions', reactions: 'repeat' })
export class Reactions {
  @ApplyFact('item-added')
  async react(fact: Added, context: ReactionContext) {
    const { payload } = fact;
    const removed = { event_type: 'item-removed', payload: { sku: 'a', reason: 'sold' } } as const;
    (await context.append([removed], {
      key: 'a',
      metadata: { user: 1 },
    })) satisfies AppendResult | null;
    const query = factQuery(facts('item-added'));
    const decided = await context.decide(query, ({ event_records }) => {
      event_records[0]!.payload satisfies Added['payload'];
      return [removed];
    });
    decided satisfies AppendResult | null;
    void payload;
    // @ts-expect-error no such fact
    await context.append([{ event_type: 'item-lost', payload: {} }]);
    // @ts-expect-error its id is the reaction's own
    await context.append([removed], { appendId: 'a' });
    // @ts-expect-error no such option
    await context.decide(query, () => [removed], { manager: {} });
  }

  // @ts-expect-error no such way
  @DurableProjection({ name: 'way', query: 'item-added', reactions: 'thrice' })
  way() {}

  // @ts-expect-error a method that takes several facts has no reactions
  @DurableProjection({ name: 'batches', query: 'item-added' })
  batch(added: Added[], context: ReactionContext) {
    void [added, context];
  }

  @DurableProjection({ name: 'plain', query: 'item-added' })
  plain(added: Added[], context: ProjectionContext) {
    void added;
    // @ts-expect-error nor has its context
    void context.append;
  }
}
