import { Injectable } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { newRequest, outcomeOf } from '../../../lib/cursors/requests.js';
import { FactstrNatsStore } from '../../../lib/nats/store.js';
import { Fixtures, natsOptions } from '../../support/fixtures/applications.js';
import {
  applyAll,
  numbered,
  readModelOptions,
  startBook,
  upTo,
} from '../../support/fixtures/read-models.js';
import { TestApp } from '../../support/fixtures/two-apps.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { nats } from '../../support/servers/servers.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

class Items {
  static bad = 0;
  readonly handled: number[] = [];
  resets = 0;

  @DurableProjection({
    name: 'items',
    query: 'x',
    onFailure: 'park',
    maxAttempts: 1,
    batch: { maxFacts: 1 },
  })
  project(facts: EventRecord[]) {
    const numbers = facts.map(({ sequence_number }) => Number(sequence_number));
    if (numbers.includes(Items.bad)) throw new Error('not this one');
    this.handled.push(...numbers);
  }

  onReset() {
    this.resets++;
    this.handled.length = 0;
  }
}

@Injectable()
class Book {
  @DurableProjection({ name: 'book', query: 'counted', transactional: true })
  async apply(facts: EventRecord[], { manager }: TransactionalContext): Promise<void> {
    await applyAll(facts, manager);
  }
}

describeWith(nats, 'A projection of a log on NATS', () => {
  it('parks what it cannot take, goes on, and takes it when it is retried', async () => {
    Items.bad = 2;
    const app = await TestApp.start(fixtures, await natsOptions(), Items);
    await app.append('x', 'x', 'x');
    await app.projections.waitFor('items', 3n, { timeout: 60_000 });
    expect(app.app.get(Items).handled).toEqual([1, 3]);
    await app.shows('items', { parked: 1 });
    Items.bad = 0;
    await app.projections.retryParked('items');
    await app.shows('items', { parked: 0 });
    expect(app.app.get(Items).handled).toEqual([1, 3, 2]);
  });

  it('is rebuilt by a request that is recorded beside its cursor, from outside of the application', async () => {
    Items.bad = 0;
    const options = await natsOptions();
    const app = await TestApp.start(fixtures, options, Items);
    await app.append('x', 'x', 'x');
    await app.projections.waitFor('items', 3n, { timeout: 60_000 });

    const { servers, stream, monitorUrls } = options;
    const outside = new FactstrNatsStore({ servers, stream, monitorUrls, replicas: 1 });
    fixtures.later(() => outside.close());
    const { cursorStore } = outside.log;
    const request = newRequest({ verb: 'rebuild', by: 'the test', position: 0n }, 600_000);
    await cursorStore.ask!('items', request);
    await until(
      async () => {
        const outcome = outcomeOf(await cursorStore.interventions('items'), request.id);
        return outcome?.outcome === 'done';
      },
      () => 'the rebuild to be done',
    );
    await app.projections.waitFor('items', 3n, { timeout: 60_000 });
    await app.shows('items', { state: 'live' });
    expect(app.app.get(Items).handled).toEqual([1, 2, 3]);
    expect(app.app.get(Items).resets).toBe(1);
  });

  it.each(['sqlite', 'postgres'] as const)(
    'commits its effects with its cursor, in a read model in %s',
    async (kind) => {
      const facts = await natsOptions();
      const readModel = await readModelOptions(kind, fixtures);
      const first = await startBook(fixtures, { facts, readModel, handlers: [Book] });
      for (const fact of numbered(20)) await first.store.append([fact]);
      await first.projections.waitFor('book', 20n, { timeout: 60_000 });
      expect(await first.effects()).toEqual(upTo(20));
      const [cursor] = await first.dataSource.query<{ at: string }[]>(
        `SELECT last_processed_sequence_number AS at FROM nestjs_factstr_cursors WHERE name = 'book'`,
      );
      expect(BigInt(cursor!.at)).toBe(20n);
      await first.app.close();

      const again = await startBook(fixtures, { facts, readModel, handlers: [Book] });
      await again.store.append(numbered(5));
      await again.projections.waitFor('book', 25n, { timeout: 60_000 });
      expect(await again.effects()).toEqual(upTo(25));
    },
  );
});
