import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
  getFactstrStoreToken,
} from 'nestjs-factstr';
import type { EventRecord, NewEvent } from 'nestjs-factstr';
import { until } from '../../support/waiting/until.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import type { ProviderName } from '../../support/fixtures/applications.js';
import { Gate, Inbox } from '../../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const fact = (event_type: string, payload: unknown = {}): NewEvent => ({ event_type, payload });
const OF_A = { filters: [{ event_types: ['a'] }] };
const OTHER = { store: 'other' } as const;

@Injectable()
class Handlers {
  readonly live = [new Inbox(), new Inbox()] as const;
  readonly projected = [new Inbox(), new Inbox()] as const;
  /** The facts' types on which the first store's projection fails. */
  broken = new Set<string>();

  @OnFacts(OF_A)
  onFacts(facts: EventRecord[]): void {
    this.live[0].handle(facts);
  }

  @OnFacts(OF_A, OTHER)
  onOthers(facts: EventRecord[]): void {
    this.live[1].handle(facts);
  }

  @DurableProjection({ name: 'n', query: {}, onFailure: 'park', maxAttempts: 1 })
  project(facts: EventRecord[]): void {
    if (facts.some(({ event_type }) => this.broken.has(event_type))) throw new Error('broken');
    this.projected[0].handle(facts);
  }

  @DurableProjection({ name: 'n', ...OTHER, query: {}, onFailure: 'park', maxAttempts: 1 })
  projectOthers(facts: EventRecord[]): void {
    this.projected[1].handle(facts);
  }
}

/** Two stores of one application: contexts, append ids and projections have the same names in both. */
async function start(provider: ProviderName) {
  const [first, second] = [
    await optionsOf(provider, fixtures),
    await optionsOf(provider, fixtures),
  ];
  const app = await fixtures.app({
    imports: [FactstrModule.forRoot(first), FactstrModule.forRoot({ ...second, name: 'other' })],
    providers: [Handlers],
  });
  return {
    one: app.get(FactstrStore),
    two: app.get<FactstrStore>(getFactstrStoreToken('other')),
    verbs: app.get(FactstrProjections),
    handlers: app.get(Handlers),
  };
}

// A decision is waited for so long only that a busy server may take longer.
describe.each<ProviderName>(['memory', 'sqlite'])(
  'Equal names in two stores, on %s',
  (provider) => {
    it('have decisions that do not wait for one another, and see their own facts', async () => {
      const { one, two } = await start(provider);
      const gate = new Gate();
      const seen: [store: string, facts: number][] = [];
      const decide = (store: FactstrStore, name: string, wait?: Promise<void>) =>
        store.decide(OF_A, async ({ event_records }) => {
          seen.push([name, event_records.length]);
          await wait;
          return [fact('a')];
        });
      const held = decide(one, 'one', gate.passed);
      await until(
        () => seen.length === 1,
        () => 'the first decision to be made',
      );
      const behind = decide(one, 'one');
      expect(await decide(two, 'two')).toMatchObject({ first_sequence_number: 1n });
      gate.open();
      expect(await held).toMatchObject({ first_sequence_number: 1n });
      expect(await behind).toMatchObject({ first_sequence_number: 2n });
      expect(await decide(two, 'two')).toMatchObject({ first_sequence_number: 2n });
      // The one of the second store was not made behind that which waits for its turn in the first.
      expect(seen).toEqual([
        ['one', 0],
        ['two', 0],
        ['one', 1],
        ['two', 1],
      ]);
    });
  },
);

describe.each<ProviderName>(['memory', 'sqlite', 'postgres'])(
  'Equal names in two stores, on %s',
  (provider) => {
    it('have append ids of their own', async () => {
      const { one, two } = await start(provider);
      const options = { appendId: 'k' };
      await one.append([fact('b'), fact('b')], options);
      const decided = await two.decide(OF_A, () => [fact('a')], options);
      expect(decided).toMatchObject({ first_sequence_number: 1n, committed_count: 1n });
      expect(await two.append([fact('a')], options)).toEqual(decided);
      await expect(one.append([fact('a')], options)).rejects.toMatchObject({
        code: 'APPEND_ID_REUSED',
      });
    });

    it('have live handlers that are given their own store’s facts', async () => {
      const { one, two, handlers } = await start(provider);
      await one.append([fact('a', 'one')]);
      await two.append([fact('b', 'two'), fact('a', 'two')]);
      await one.append([fact('a', 'one')]);
      await handlers.live[0].holds(1, 2);
      await handlers.live[1].holds(2);
      expect(
        handlers.live.map(({ batches }) => batches.flat().map(({ payload }) => payload)),
      ).toEqual([['one', 'one'], ['two']]);
    });

    it('have projections that are paused, parked, reset and told of apart', async () => {
      const { one, two, verbs, handlers } = await start(provider);
      handlers.broken.add('bad');
      await one.append([fact('bad')]);
      await one.append([fact('good')]);
      await two.append([fact('bad')]);
      await handlers.projected[0].holds(2);
      await handlers.projected[1].holds(1);
      await verbs.waitFor('n', 2n);
      await verbs.waitFor('n', 1n, OTHER);
      expect((await verbs.parked('n')).map(({ sequence_number }) => sequence_number)).toEqual([1n]);
      expect(await verbs.parked('n', OTHER)).toEqual([]);

      await verbs.pause('n', OTHER);
      await one.append([fact('good')]);
      await two.append([fact('good')]);
      await handlers.projected[0].holds(2, 3);
      await verbs.waitFor('n', 3n);
      expect(await verbs.status('n')).toMatchObject({
        state: 'parked-some',
        position: 3n,
        parked: 1,
      });
      expect(await verbs.status('n', OTHER)).toMatchObject({
        state: 'paused',
        position: 1n,
        parked: 0,
      });

      handlers.broken.clear();
      await verbs.retryParked('n');
      await verbs.reset('n', 0n, OTHER);
      await verbs.resume('n', OTHER);
      await handlers.projected[1].holds(1, 1, 2);
      await until(
        async () => (await verbs.status('n')).parked === 0,
        () => 'the parked fact to be retried',
      );
      await handlers.projected[0].holds(2, 3, 1);
      expect((await verbs.interventions('n')).map(({ verb }) => verb)).toEqual(['retryParked']);
      expect((await verbs.interventions('n', OTHER)).map(({ verb }) => verb)).toEqual([
        'pause',
        'reset',
        'resume',
      ]);
    });
  },
);
