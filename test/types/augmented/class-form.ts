import { ApplyFact, DurableProjection, FactstrModule } from 'nestjs-factstr';
import type { AroundHandlers, EventRecord, FactRecord, ProjectionContext } from 'nestjs-factstr';

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
