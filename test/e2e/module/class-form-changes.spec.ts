import { afterEach, describe, expect, it } from '@jest/globals';
import { ApplyFact, DurableProjection, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, ProjectionContext } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { reachesState } from '../../support/fixtures/two-apps.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string) => ({ event_type, payload: {} });

describe('The class form', () => {
  it('counts inherited methods, and those of an undecorated base class', async () => {
    abstract class Base {
      readonly seen: string[] = [];

      @ApplyFact('a')
      applyA(one: EventRecord) {
        this.seen.push(`base ${one.event_type}`);
      }

      @ApplyFact('b')
      applyB(one: EventRecord) {
        this.seen.push(`base ${one.event_type}`);
      }
    }

    @DurableProjection({ name: 'items' })
    class Items extends Base {
      @ApplyFact('b')
      override applyB(one: EventRecord) {
        this.seen.push(`own ${one.event_type}`);
      }
    }
    const app = await fixtures.start({ provider: 'memory' }, Items);
    await app.get(FactstrStore).append([fact('a'), fact('b')]);
    await app.get(FactstrProjections).drained();
    expect(app.get(Items).seen).toEqual(['base a', 'own b']);
  });

  it('stands beside handlers of the method form, in one class', async () => {
    @DurableProjection({ name: 'items' })
    class Items {
      readonly seen: string[] = [];

      @ApplyFact('a')
      apply(one: EventRecord) {
        this.seen.push(`one ${one.sequence_number}`);
      }

      @DurableProjection({ name: 'all', query: {} })
      all(facts: EventRecord[]) {
        this.seen.push(`all ${facts.length}`);
      }
    }
    const app = await fixtures.start({ provider: 'memory' }, Items);
    await app.get(FactstrStore).append([fact('a'), fact('b')]);
    await app.get(FactstrProjections).drained();
    expect(app.get(Items).seen.toSorted()).toEqual(['all 2', 'one 1']);
  });

  it('works on a custom store that has the contract only', async () => {
    const { synchronousStore } = await import('../../support/fixtures/hand-written-stores.js');

    @DurableProjection({ name: 'items' })
    class Items {
      readonly seen: bigint[] = [];

      @ApplyFact('a')
      apply(one: EventRecord) {
        this.seen.push(one.sequence_number);
      }
    }
    const app = await fixtures.start(
      { provider: 'custom', store: synchronousStore().store },
      Items,
    );
    await app.get(FactstrStore).append([fact('a'), fact('b'), fact('a')]);
    await until(
      () => app.get(Items).seen.length === 2,
      () => 'two facts',
    );
    expect(app.get(Items).seen).toEqual([1n, 3n]);
  });

  it('has a changed query when a method is added later: stopped, with both ways out, and rebuild is one', async () => {
    const options = await optionsOf('sqlite', fixtures);

    @DurableProjection({ name: 'items' })
    class Before {
      @ApplyFact('b')
      apply() {}
    }
    const before = await fixtures.start(options, Before);
    await before.get(FactstrStore).append([fact('a'), fact('b')]);
    await before.get(FactstrProjections).drained();
    await before.close();

    @DurableProjection({ name: 'items' })
    class After {
      readonly seen: bigint[] = [];

      @ApplyFact('b')
      apply({ sequence_number }: EventRecord) {
        this.seen.push(sequence_number);
      }

      @ApplyFact('a')
      applyToo({ sequence_number }: EventRecord) {
        this.seen.push(sequence_number);
      }
    }
    const after = await fixtures.start(options, After);
    expect(await reachesState(after, 'items', 'stopped')).toMatchObject({
      code: 'DURABLE_STREAM_QUERY_CHANGED',
      reason: expect.stringMatching(/reset it.*rebuild.*or give it a new version or name/),
    });
    await after.get(FactstrProjections).rebuild('items');
    await after.get(FactstrProjections).waitFor('items', 2n);
    expect(after.get(After).seen).toEqual([1n, 2n]);
  });

  it('gives up the rest of a call once its deadline has passed, and counts it as a failure', async () => {
    @DurableProjection({ name: 'items', timeout: 20, maxAttempts: 1 })
    class Items {
      readonly seen: bigint[] = [];

      @ApplyFact('x')
      async apply({ sequence_number }: EventRecord, { signal }: ProjectionContext) {
        this.seen.push(sequence_number);
        if (sequence_number === 2n && !signal.aborted) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        }
      }
    }
    const app = await fixtures.start({ provider: 'memory' }, Items);
    await app.get(FactstrStore).append([fact('x'), fact('x'), fact('x')]);
    expect(await reachesState(app, 'items', 'paused')).toMatchObject({
      code: 'HANDLER_TIMEOUT',
      reason: 'failed 1 times on fact 2: the handler took longer than 20 ms',
    });
    expect(app.get(Items).seen).toEqual([1n, 2n]);
  });

  it('may finish what a shutdown finds in flight', async () => {
    const options = await optionsOf('sqlite', fixtures);
    let begun!: () => void;
    const inFlight = new Promise<void>((resolve) => (begun = resolve));

    @DurableProjection({ name: 'items' })
    class Items {
      readonly seen: bigint[] = [];

      @ApplyFact('x')
      async apply({ sequence_number }: EventRecord, { signal }: ProjectionContext) {
        this.seen.push(sequence_number);
        if (signal.aborted) return;
        begun();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }
    }
    const app = await fixtures.start(options, Items);
    const items = app.get(Items);
    await app.get(FactstrStore).append([fact('x'), fact('x')]);
    await inFlight;
    await app.close();
    expect(items.seen).toEqual([1n, 2n]);

    const next = await fixtures.start(options, Items);
    await reachesState(next, 'items', 'live');
    expect(next.get(Items).seen).toEqual([]);
  });
});
