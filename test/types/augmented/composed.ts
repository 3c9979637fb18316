import { applyDecorators } from '@nestjs/common';
import { ApplyFact, DurableProjection, OnFacts, factQuery } from 'nestjs-factstr';
import type { FactRecord } from 'nestjs-factstr';

const OnAdded = () => applyDecorators(OnFacts('item-added'), OnFacts());
const Project = (name: string) => applyDecorators(DurableProjection({ name, query: factQuery() }));
const Projection = (name: string) => applyDecorators(DurableProjection({ name }));
const ApplyAdded = () => applyDecorators(ApplyFact(['item-added', 'item-removed']));

export class Live {
  @OnAdded()
  @Project('all')
  onFacts(facts: FactRecord<'item-added'>[]) {
    void facts;
  }
}

@Projection('items')
export class Items {
  @ApplyAdded()
  apply(fact: FactRecord<'item-added' | 'item-removed'>) {
    void fact;
  }
}

// By themselves the decorators check as ever.
export class Misfits {
  // @ts-expect-error the parameter is another fact
  @OnFacts('item-added')
  other(facts: FactRecord<'item-removed'>[]) {
    void facts;
  }

  // @ts-expect-error a property is no method
  @OnFacts('item-added')
  property = 1;

  // @ts-expect-error the class form on a method
  @DurableProjection({ name: 'x' })
  method() {}

  // @ts-expect-error a property is no method
  @ApplyFact('item-added')
  applied = 1;
}

// @ts-expect-error the method form on a class
@DurableProjection({ name: 'x', query: 'item-added' })
export class NotAMethod {}

// @ts-expect-error live handlers are methods
@OnFacts('item-added')
export class NotAMethodEither {}
