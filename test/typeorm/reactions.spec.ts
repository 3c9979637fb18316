import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApplyFact, DurableProjection } from 'nestjs-factstr';
import type { EventRecord, ReactionContext } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import {
  EffectRow,
  Script,
  applyAll,
  numbered,
  readModelOptions,
  startBook,
} from '../support/fixtures/read-models.js';
import type { ReadModelKind } from '../support/fixtures/read-models.js';

let made = 0;

@Injectable()
@DurableProjection({ name: 'book', transactional: true })
class Book {
  constructor(readonly script: Script) {}

  @ApplyFact('counted')
  async on(
    fact: EventRecord,
    { manager, attempt, ...context }: TransactionalContext & ReactionContext,
  ): Promise<void> {
    const number = Number(fact.sequence_number);
    this.script.calls.push({ numbers: [number], attempt });
    await applyAll([fact], manager);
    // No two are alike.
    await context.append([{ event_type: 'noted', payload: { of: number, at: (made += 1) } }]);
    await this.script.after([fact], manager);
  }

  async onReset(manager: TransactionalContext['manager']): Promise<void> {
    await manager.clear(EffectRow);
  }
}

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

describe.each<[ReadModelKind, ProviderName]>([
  ['sqlite', 'memory'],
  ['sqlite', 'sqlite'],
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
  ['postgres', 'postgres'],
])('reactions of a transactional projection in %s to facts in %s', (kind, provider) => {
  it('are made once, though its transaction is rolled back, or it is rebuilt', async () => {
    const { store, script, projections, effects } = await startBook(fixtures, {
      facts: await optionsOf(provider, fixtures),
      readModel: await readModelOptions(kind, fixtures),
      handlers: [Book],
    });
    const noted = async (): Promise<unknown[]> => {
      const { event_records } = await store.query({ filters: [{ event_types: ['noted'] }] });
      return event_records.map(({ payload }) => (payload as { of: number }).of);
    };
    let failing = 1;
    script.after = () => {
      if (failing-- > 0) throw new Error('after the append');
    };
    await store.append(numbered(3));
    await projections.drained();
    expect([await effects(), await noted()]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(script.calls[0]).toEqual({ numbers: [1], attempt: 1 });
    expect(script.calls.length).toBeGreaterThan(3);
    const calls = script.calls.length;
    await projections.rebuild('book');
    await until(
      () => script.calls.length === calls + 3,
      () => 'the rebuild',
    );
    await projections.drained();
    await store.append(numbered(1));
    await projections.drained();
    expect([await effects(), await noted()]).toEqual([
      [1, 2, 3, 7],
      [1, 2, 3, 7],
    ]);
  });
});
