// Without a FactMap everything stays usable: types are any string, payloads unknown.
import { DurableProjection, OnFacts, fact, factQuery, facts } from 'nestjs-factstr';
import type { EventRecord, FactRecord, FactType, NewEvent } from 'nestjs-factstr';
import type { Same } from '../same.js';

true satisfies Same<FactType, string>;
true satisfies Same<FactRecord['payload'], unknown>;

export class Handlers {
  @OnFacts('anything')
  live(records: EventRecord[]) {
    void records;
  }

  @OnFacts(['a', 'b'])
  typed(records: FactRecord<'a' | 'b'>[]) {
    records[0]!.event_type satisfies 'a' | 'b';
  }

  @DurableProjection({ name: 'x', query: 'anything' })
  async durable(records: EventRecord[]) {
    void records;
  }

  // @ts-expect-error the types are told apart all the same
  @OnFacts(['a', 'b'])
  narrow(records: FactRecord<'a'>[]) {
    void records;
  }

  // @ts-expect-error an unknown payload is not yours to assume
  @OnFacts('a')
  assumed(records: { payload: { sku: string } }[]) {
    void records;
  }
}

fact('anything', { at: 'all' }) satisfies NewEvent;
factQuery(facts('anything').where({ at: 'all' }, 1, null), facts().where('x'));
