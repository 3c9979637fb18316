import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Scope, UseGuards } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  InvalidOptionsError,
  OnFacts,
} from 'nestjs-factstr';
import type { EventRecord, ProjectionContext } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { reachesState } from '../../support/fixtures/two-apps.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string) => ({ event_type, payload: {} });

describe.each(['memory', 'sqlite', 'postgres'] as const)(
  'A class that is a projection, on %s,',
  (provider) => {
    it('applies one fact at a time, in order, awaited, by the method of its type', async () => {
      @DurableProjection({ name: 'items' })
      class Items {
        readonly seen: string[] = [];
        readonly contexts: Omit<ProjectionContext, 'signal'>[] = [];

        @ApplyFact('added')
        async add(one: EventRecord, { signal, ...context }: ProjectionContext) {
          expect(signal).toBeInstanceOf(AbortSignal);
          this.contexts.push(context);
          this.seen.push(`add ${one.sequence_number} begins`);
          await new Promise(setImmediate);
          this.seen.push(`add ${one.sequence_number} ends`);
        }

        @ApplyFact(['removed', 'lost'])
        remove(one: EventRecord) {
          this.seen.push(`${one.event_type} ${one.sequence_number}`);
          return true;
        }
      }
      const app = await fixtures.start(await optionsOf(provider, fixtures), Items);
      const store = app.get(FactstrStore);
      await store.append([fact('added'), fact('other'), fact('removed'), fact('added')]);
      await store.append([fact('lost')]);
      await app.get(FactstrProjections).waitFor('items', 5n);
      expect(app.get(Items).seen).toEqual([
        'add 1 begins',
        'add 1 ends',
        'removed 3',
        'add 4 begins',
        'add 4 ends',
        'lost 5',
      ]);
      const common = { projection: 'items', version: 1, store: 'default', attempt: 1 };
      expect(app.get(Items).contexts).toMatchObject([
        { ...common, sequenceNumber: 1n, manager: undefined },
        { ...common, sequenceNumber: 4n },
      ]);
      expect(await app.get(FactstrProjections).status('items')).toMatchObject({
        handler: 'Items',
        state: 'live',
      });
    });

    it('is told apart by the fact that fails: reported, parked and retried alone', async () => {
      @DurableProjection({
        name: 'items',
        onFailure: 'park',
        maxAttempts: 1,
        batch: { maxFacts: 10 },
      })
      class Items {
        readonly applied: number[] = [];
        broken = true;

        @ApplyFact('x')
        apply({ sequence_number }: EventRecord, { manager: _manager }: ProjectionContext) {
          if (sequence_number === 2n && this.broken) throw new Error('a bug');
          this.applied.push(Number(sequence_number));
        }
      }
      const app = await fixtures.start(await optionsOf(provider, fixtures), Items);
      const projections = app.get(FactstrProjections);
      await app.get(FactstrStore).append([fact('x'), fact('x'), fact('x')]);
      await projections.waitFor('items', 3n);
      expect(fixtures.log.of('error')[0]).toBe(
        'Projection "items" (Items) failed on fact 2, attempt 1 of 1: a bug',
      );
      expect(await projections.parked('items')).toMatchObject([
        { sequence_number: 2n, error: 'a bug' },
      ]);
      expect(await reachesState(app, 'items', 'parked-some')).toMatchObject({ parked: 1 });
      // The whole call was tried, and then its facts one by one, to find the culprit.
      expect(app.get(Items).applied).toEqual([1, 1, 3]);

      app.get(Items).broken = false;
      await projections.retryParked('items', { by: 'the test' });
      await until(
        async () => (await projections.parked('items')).length === 0,
        () => 'the parked fact to go',
      );
      expect(app.get(Items).applied).toEqual([1, 1, 3, 2]);
    });

    it('pauses at the fact that fails, and names it', async () => {
      @DurableProjection({ name: 'items', maxAttempts: 1 })
      class Items {
        @ApplyFact('x')
        apply({ sequence_number }: EventRecord) {
          return sequence_number !== 2n;
        }
      }
      const app = await fixtures.start(await optionsOf(provider, fixtures), Items);
      await app.get(FactstrStore).append([fact('x'), fact('x'), fact('x')]);
      expect(await reachesState(app, 'items', 'paused')).toMatchObject({
        reason: 'failed 1 times on fact 2: the handler returned false',
        position: 0n,
      });
    });

    it('starts over by rebuild, which calls onReset of the class, in both forms', async () => {
      @DurableProjection({ name: 'items' })
      class Items {
        readonly calls: string[] = [];

        @ApplyFact('x')
        apply({ sequence_number }: EventRecord) {
          this.calls.push(String(sequence_number));
        }

        async onReset(manager: unknown) {
          await Promise.resolve();
          this.calls.push(`reset ${String(manager)}`);
        }
      }
      class Counts {
        readonly calls: string[] = [];

        @DurableProjection({ name: 'counts', query: 'x' })
        count(facts: EventRecord[]) {
          this.calls.push(...facts.map(({ sequence_number }) => String(sequence_number)));
        }

        onReset(manager: unknown) {
          this.calls.push(`reset ${String(manager)}`);
        }
      }
      const app = await fixtures.start(await optionsOf(provider, fixtures), Items, Counts);
      const projections = app.get(FactstrProjections);
      await app.get(FactstrStore).append([fact('x')]);
      await app.get(FactstrStore).append([fact('x')]);
      await projections.drained();
      await projections.rebuild('items', { by: 'the test' });
      await projections.rebuild('counts');
      for (const { calls } of [app.get(Items), app.get(Counts)]) {
        await until(
          () => calls.length === 5,
          () => `five calls; there were ${calls.join(', ')}`,
        );
        expect(calls).toEqual(['1', '2', 'reset undefined', '1', '2']);
      }
      expect(await projections.interventions('items')).toMatchObject([
        { verb: 'rebuild', by: 'the test', position: 0n },
      ]);
      // A reset moves the cursor and leaves the read model alone.
      await projections.waitFor('items', 2n);
      await projections.reset('items', 1n);
      await until(
        () => app.get(Items).calls.length === 6,
        () => 'the second fact again',
      );
      expect(app.get(Items).calls.at(-1)).toBe('2');
    });
  },
);

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

describe('The class form is refused at bootstrap', () => {
  const refused = async (type: Type, message: RegExp, controller = false) => {
    const opening = fixtures.app({
      imports: [FactstrModule.forRoot()],
      ...(controller ? { controllers: [type] } : { providers: [type] }),
    });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(InvalidOptionsError);
  };

  it('without a method', async () => {
    @DurableProjection({ name: 'items' })
    class Empty {}
    await refused(Empty, /class Empty carries @DurableProjection, but none.*@ApplyFact/);
  });

  it('without a name', async () => {
    @DurableProjection({ name: '' })
    class Nameless {
      @ApplyFact('a')
      apply() {}
    }
    await refused(Nameless, /Nameless has no name/);
  });

  it('when the class is no projection', async () => {
    class Outside {
      @ApplyFact('a')
      apply() {}
    }
    await refused(Outside, /^Outside\.apply carries @ApplyFact, but its class Outside is no/);
  });

  it('when a method has both forms', async () => {
    @DurableProjection({ name: 'items' })
    class Both {
      // @ts-expect-error a batch is not one fact
      @OnFacts('a')
      @ApplyFact('a')
      apply(_one: EventRecord) {}
    }
    await refused(Both, /Both\.apply carries @ApplyFact and also @OnFacts/);
  });

  it('when two methods apply one type', async () => {
    @DurableProjection({ name: 'items' })
    class Twice {
      @ApplyFact('a')
      first() {}

      @ApplyFact(['b', 'a'])
      second() {}
    }
    await refused(Twice, /Twice applies "a" in first and in second/);
  });

  it('when a method names no type', async () => {
    @DurableProjection({ name: 'items' })
    class Nothing {
      @ApplyFact([])
      apply() {}
    }
    await refused(Nothing, /@ApplyFact of Nothing\.apply names no event type/);
  });

  it('when the class is request-scoped', async () => {
    @Injectable({ scope: Scope.REQUEST })
    @DurableProjection({ name: 'items' })
    class Scoped {
      @ApplyFact('a')
      apply() {}
    }
    await refused(Scoped, /Scoped\.apply .*request-scoped/);
  });

  it('when a method carries what Nest cannot apply', async () => {
    @Controller()
    @DurableProjection({ name: 'items' })
    class Guarded {
      @ApplyFact('a')
      @UseGuards({ canActivate: () => true })
      apply() {}
    }
    await refused(Guarded, /Guarded\.apply .*guards/, true);
  });

  it('when another projection has its name', async () => {
    @DurableProjection({ name: 'items' })
    class One {
      @ApplyFact('a')
      apply() {}

      @DurableProjection({ name: 'items', query: 'b' })
      other() {}
    }
    await refused(One, /"items" of store "default" is declared by One\.other and One\./);
  });
});

describe('A decorator on something else throws at once:', () => {
  it('@DurableProjection without a query on a method', () => {
    expect(() => {
      class Misused {
        // @ts-expect-error the class form decorates classes
        @DurableProjection({ name: 'items' })
        project() {}
      }
      return Misused;
    }).toThrow(/without a query decorates classes.*"project" is none/);
  });

  it('@DurableProjection with a query on a class', () => {
    expect(() => {
      // @ts-expect-error the method form decorates methods
      @DurableProjection({ name: 'items', query: 'a' })
      class Misused {}
      return Misused;
    }).toThrow(/decorate methods.*"Misused" is none/);
  });

  it('@ApplyFact on a static method', () => {
    expect(() => {
      class Misused {
        @ApplyFact('a')
        static apply() {}
      }
      return Misused;
    }).toThrow(/@ApplyFact decorates methods.*"apply" is none/);
  });
});
