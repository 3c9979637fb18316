import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
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
  upTo,
} from '../support/fixtures/read-models.js';
import type { BookApp, ReadModelKind } from '../support/fixtures/read-models.js';

@Injectable()
class Book {
  constructor(readonly script: Script) {}

  @DurableProjection({ name: 'book', query: 'counted', transactional: true, maxAttempts: 2 })
  async apply(facts: EventRecord[], { manager, attempt }: TransactionalContext): Promise<void> {
    this.script.calls.push({
      numbers: facts.map((fact) => Number(fact.sequence_number)),
      attempt,
    });
    await applyAll(facts, manager);
    await this.script.after(facts, manager);
  }

  async onReset(manager: TransactionalContext['manager']): Promise<void> {
    await manager.clear(EffectRow);
  }
}

@Injectable()
class ParkingBook {
  constructor(readonly script: Script) {}

  @DurableProjection({
    name: 'book',
    query: 'counted',
    transactional: true,
    maxAttempts: 1,
    onFailure: 'park',
    batch: { maxFacts: 10 },
  })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
    await this.script.after(facts, manager);
  }
}

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const poison = (number: number) => (facts: EventRecord[]) => {
  if (facts.some((fact) => fact.sequence_number === BigInt(number))) throw new Error('poison');
};

describe.each<[ReadModelKind, ProviderName]>([
  ['sqlite', 'memory'],
  ['sqlite', 'sqlite'],
  ['sqlite', 'postgres'],
  ['postgres', 'memory'],
  ['postgres', 'sqlite'],
  ['postgres', 'postgres'],
])('a transactional read model in %s of facts in %s', (kind, provider) => {
  async function start(
    handlers = [Book] as (typeof Book | typeof ParkingBook)[],
  ): Promise<BookApp> {
    return startBook(fixtures, {
      facts: await optionsOf(provider, fixtures),
      readModel: await readModelOptions(kind, fixtures),
      handlers,
    });
  }

  it('applies each fact once, however often its handler fails', async () => {
    const { store, projections, script, effects } = await start();
    let failures = 0;
    script.after = () => {
      if (failures++ % 2 === 0) throw new Error('now and then');
    };
    for (let n = 0; n < 4; n++) await store.append(numbered(3));
    await projections.drained({ timeout: 20_000 });
    expect(await effects()).toEqual(upTo(12));
    expect(script.calls.length).toBeGreaterThan(4);
  });

  it('leaves nothing of a handler that failed for good, and goes on after resume', async () => {
    const { store, projections, script, effects } = await start();
    script.after = poison(5);
    await store.append(numbered(3));
    await store.append(numbered(3));
    await store.append(numbered(3));
    await until(
      async () => (await projections.status('book')).state === 'paused',
      () => 'the state',
    );
    // Of the batch 4..6 the facts before the culprit took effect by themselves.
    expect(await effects()).toEqual(upTo(4));
    const status = await projections.status('book');
    expect(status.position).toBe(4n);
    expect(status.reason).toContain('fact 5');
    script.after = () => undefined;
    await projections.resume('book');
    await projections.drained({ timeout: 20_000 });
    expect(await effects()).toEqual(upTo(9));
  });

  it('parks only the culprit of a call, and retries in order', async () => {
    const { store, projections, script, effects } = await start([ParkingBook]);
    script.after = poison(2);
    await store.append(numbered(4));
    await projections.drained({ timeout: 20_000 });
    expect(await effects()).toEqual([1, 3, 4]);
    expect((await projections.parked('book')).map((fact) => fact.sequence_number)).toEqual([2n]);
    script.after = () => undefined;
    await projections.retryParked('book');
    await until(
      async () => (await projections.status('book')).parked === 0,
      () => 'the state',
    );
    expect(await effects()).toEqual([1, 3, 4, 2]);
  });

  it('rebuilds in one transaction with onReset', async () => {
    const { store, projections, effects } = await start();
    await store.append(numbered(5));
    await projections.drained({ timeout: 20_000 });
    await projections.rebuild('book', { by: 'tester' });
    await projections.drained({ timeout: 20_000 });
    expect(await effects()).toEqual(upTo(5));
    const said = await projections.interventions('book');
    expect(said.map(({ verb, by }) => [verb, by])).toEqual([['rebuild', 'tester']]);
  });
});
