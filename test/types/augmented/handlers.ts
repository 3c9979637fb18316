import { DurableProjection, OnFacts, facts as factsOf, factQuery } from 'nestjs-factstr';
import type { EventRecord, FactRecord, LiveContext, ProjectionContext } from 'nestjs-factstr';

type Added = FactRecord<'item-added'>;
type Removed = FactRecord<'item-removed'>;

export class Live {
  @OnFacts('item-added')
  one(facts: Added[]) {
    return facts[0]!.payload.sku === 'x';
  }

  @OnFacts(['item-added', 'item-removed'])
  several(facts: (Added | Removed)[], { store, signal }: LiveContext) {
    for (const fact of facts) {
      if (fact.event_type === 'item-removed') fact.payload.reason satisfies 'sold' | 'broken';
      else fact.payload.place.row satisfies number;
    }
    store satisfies string;
    signal satisfies AbortSignal;
  }

  @OnFacts(['item-added'], { store: 'audit' })
  generic(facts: FactRecord<'item-added' | 'item-removed'>[]) {
    void facts;
  }

  @OnFacts('item-added')
  anyFact(facts: EventRecord[]) {
    void facts;
  }

  @OnFacts('item-added')
  withoutParameters() {}

  @OnFacts()
  everything(facts: EventRecord[]) {
    void facts;
  }

  @OnFacts({ store: 'audit' })
  everythingOfAStore(facts: EventRecord[]) {
    void facts;
  }

  @OnFacts(factQuery(factsOf('item-added').where({ sku: 'x' })), { store: 'audit' })
  query(facts: EventRecord[]) {
    void facts;
  }

  // @ts-expect-error the parameter is another fact
  @OnFacts('item-added')
  otherFact(facts: Removed[]) {
    void facts;
  }

  // @ts-expect-error the parameter lacks one of the types
  @OnFacts(['item-added', 'item-removed'])
  tooNarrow(facts: Added[]) {
    void facts;
  }

  // @ts-expect-error one fact is not a batch
  @OnFacts('item-added')
  notABatch(fact: Added) {
    void fact;
  }

  // @ts-expect-error a query's facts are of any type
  @OnFacts({ filters: null })
  queryOfOneType(facts: Added[]) {
    void facts;
  }

  // @ts-expect-error every fact is of any type
  @OnFacts()
  everythingOfOneType(facts: Added[]) {
    void facts;
  }

  // @ts-expect-error no such type
  @OnFacts('item-lost')
  unknownType() {}

  // @ts-expect-error no such type among them
  @OnFacts(['item-added', 'item-lost'])
  oneUnknownType() {}

  // @ts-expect-error no such option
  @OnFacts('item-added', { name: 'x' })
  unknownOption() {}

  // @ts-expect-error a live handler has no projection
  @OnFacts('item-added')
  otherContext(facts: Added[], context: ProjectionContext) {
    void [facts, context];
  }

  // @ts-expect-error nobody passes a third argument
  @OnFacts('item-added')
  thirdParameter(facts: Added[], context: LiveContext, more: string) {
    void [facts, context, more];
  }

  // @ts-expect-error a property is no method
  @OnFacts('item-added')
  property = 1;
}

export class Results {
  @OnFacts('counted')
  nothing(): void {}

  @OnFacts('counted')
  verdict(): boolean {
    return true;
  }

  @OnFacts('counted')
  async later(): Promise<void> {}

  @OnFacts('counted')
  async entity(): Promise<{ id: number }> {
    return { id: 1 };
  }

  @OnFacts('counted')
  eitherWay(): void | Promise<void> {}

  // @ts-expect-error a synchronous result other than a verdict was meant for somebody else
  @OnFacts('counted')
  text(): string {
    return 'nobody reads this';
  }

  // @ts-expect-error as well an object
  @OnFacts('counted')
  object(): { id: number } {
    return { id: 1 };
  }
}

export class Durable {
  @DurableProjection({ name: 'one', query: 'item-added' })
  one(facts: Added[], context: ProjectionContext) {
    facts[0]!.payload.tags satisfies string[];
    context.sequenceNumber satisfies bigint;
    context.attempt satisfies number;
    context.replaying satisfies boolean;
    context.projection satisfies string;
  }

  @DurableProjection({ name: 'several', query: ['item-added', 'counted'], store: 'audit' })
  async several(facts: FactRecord<'item-added' | 'counted'>[]) {
    for (const fact of facts) if (fact.event_type === 'counted') fact.payload satisfies number;
  }

  @DurableProjection({ name: 'query', query: { filters: [{ event_types: ['whatever'] }] } })
  async query(facts: EventRecord[]) {
    return { saved: facts.length };
  }

  @DurableProjection({ name: 'context', query: 'item-added' })
  lessContext(facts: Added[], context: LiveContext) {
    void [facts, context];
  }

  // @ts-expect-error the parameter is another fact
  @DurableProjection({ name: 'x', query: 'item-added' })
  otherFact(facts: Removed[]) {
    void facts;
  }

  // @ts-expect-error the parameter lacks one of the types
  @DurableProjection({ name: 'x', query: ['item-added', 'item-removed'] })
  tooNarrow(facts: Added[]) {
    void facts;
  }

  // @ts-expect-error no such type
  @DurableProjection({ name: 'x', query: 'item-lost' })
  unknownType() {}

  // @ts-expect-error a name is required
  @DurableProjection({ query: 'item-added' })
  nameless() {}

  // @ts-expect-error a synchronous result is a verdict or nothing
  @DurableProjection({ name: 'x', query: 'counted' })
  number(): number {
    return 1;
  }
}
