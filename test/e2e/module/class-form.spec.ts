import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ApplyFact,
  DurableProjection,
  FactstrProjections,
  FactstrStore,
  facts,
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

        @ApplyFact(facts('removed', 'lost'))
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
