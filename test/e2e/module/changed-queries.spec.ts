import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventQuery, EventRecord, FactstrOptions, NewEvent } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { TestingModule } from '@nestjs/testing';
import type { DataSourceOptions } from 'typeorm';
import { containing, fact, ofTypes } from '../../support/facts/facts.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { readModelOptions } from '../../support/fixtures/read-models.js';
import { sharedOptions, shows } from '../../support/fixtures/two-apps.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** Where facts and cursor are. */
interface Place {
  readonly facts: FactstrOptions;
  readonly readModel?: DataSourceOptions;
}

const PLACES: Record<string, () => Promise<Place>> = {
  memory: async () => ({ facts: await sharedOptions('memory', fixtures) }),
  SQLite: async () => ({ facts: await optionsOf('sqlite', fixtures) }),
  Postgres: async () => ({ facts: await optionsOf('postgres', fixtures) }),
  'SQLite, transactional': async () => ({
    facts: await optionsOf('sqlite', fixtures),
    readModel: await readModelOptions('sqlite', fixtures),
  }),
  'Postgres, transactional': async () => ({
    facts: await optionsOf('postgres', fixtures),
    readModel: await readModelOptions('postgres', fixtures),
  }),
};

/** One deployed process. */
class Deployed {
  readonly store: FactstrStore;
  readonly projections: FactstrProjections;

  constructor(
    readonly app: TestingModule,
    readonly seen: number[],
  ) {
    this.store = app.get(FactstrStore);
    this.projections = app.get(FactstrProjections);
  }

  async append(...events: (NewEvent | string)[]): Promise<void> {
    for (const event of events) {
      await this.store.append([typeof event === 'string' ? fact(event) : event]);
    }
  }

  async refused(why: RegExp): Promise<void> {
    const status = await shows(this.projections, 'items', { state: 'stopped' });
    expect(status).toMatchObject({
      code: 'DURABLE_STREAM_QUERY_CHANGED',
      reason: expect.stringMatching(why),
    });
  }

  async live(): Promise<void> {
    await shows(this.projections, 'items', { state: 'live' });
  }

  /** Another process runs it, as far as this one has looked. */
  async standsBy(): Promise<void> {
    await until(
      async () => (await this.projections.status('items')).owner?.self === false,
      () => 'another owner',
    );
  }

  /** All that there is to be handled has been. */
  async drained(): Promise<number[]> {
    await this.projections.drained({ timeout: 20_000 });
    return this.seen.splice(0);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

/** Facts of the type `poison` fail. */
async function deploy({ facts, readModel }: Place, query: EventQuery): Promise<Deployed> {
  const seen: number[] = [];
  class Items {
    @DurableProjection({
      name: 'items',
      query,
      onFailure: 'park',
      maxAttempts: 1,
      ...(readModel === undefined ? {} : { transactional: true }),
    } as { name: string; query: EventQuery })
    project(records: EventRecord[]) {
      for (const { event_type, sequence_number } of records) {
        if (event_type === 'poison') throw new Error('a bug');
        seen.push(Number(sequence_number));
      }
    }
  }
  const app = await fixtures.app({
    imports: [
      FactstrModule.forRoot({ ...facts, leaseTtl: 2_000 }),
      ...(readModel === undefined
        ? []
        : [TypeOrmModule.forRoot({ ...readModel, retryAttempts: 0 }), FactstrTypeOrmModule]),
    ],
    providers: [Items as Type],
  });
  return new Deployed(app, seen);
}

const where = (type: string, ...payload_predicates: unknown[]): EventQuery => ({
  filters: [{ event_types: [type], payload_predicates }],
});

describe.each(Object.entries(PLACES))('A changed query of a projection (%s)', (name, placeOf) => {
  /** Deploys the former query, has facts handled, and deploys the new one. */
  async function change(
    former: EventQuery,
    facts: readonly (NewEvent | string)[],
    query: EventQuery,
    between: readonly string[] = [],
  ): Promise<{ place: Place; deployed: Deployed }> {
    const place = await placeOf();
    const before = await deploy(place, former);
    await before.append(...facts);
    await before.drained();
    await before.close();
    if (between.length > 0) {
      const other = await deploy(place, former);
      await other.projections.pause('items');
      await other.append(...between);
      await other.close();
    }
    return { place, deployed: await deploy(place, query) };
  }

  it('that gains a type which nothing has is accepted, and is the query from then on', async () => {
    const { place, deployed } = await change(ofTypes('a'), ['a', 'z', 'a'], ofTypes('a', 'b'));
    await deployed.live();
    expect((await deployed.projections.status('items')).position).toBe(3n);
    expect(fixtures.log.of('log').join('\n')).toMatch(
      /Projection "items" goes on with a changed query: no fact up to 3, where its cursor stands/,
    );
    await deployed.append('b', 'a');
    expect(await deployed.drained()).toEqual([4, 5]);
    await deployed.close();
    const again = await deploy(place, ofTypes('b', 'a'));
    await again.append('b');
    expect(await again.drained()).toEqual([6]);
    await again.close();
    const back = await deploy(place, ofTypes('a'));
    await back.refused(
      /: fact 4 \("b"\), which its cursor at 6 has passed, matches that one and not the new one\. Two/,
    );
    await back.projections.rebuild('items');
    expect(await back.drained()).toEqual([1, 3, 5]);
  });

  it('that gains a type which a fact before the cursor has is refused, and taken by a rebuild', async () => {
    const { deployed } = await change(ofTypes('a'), ['a', 'b', 'a'], ofTypes('a', 'b'));
    await deployed.refused(
      /: fact 2 \("b"\), which its cursor at 3 has passed, matches the new one and not that one\. Two ways out/,
    );
    expect(deployed.seen).toEqual([]);
    await deployed.projections.rebuild('items');
    expect(await deployed.drained()).toEqual([1, 2, 3]);
  });

  it('that gains a type which only facts after the cursor have is accepted', async () => {
    const { deployed } = await change(ofTypes('a'), ['a', 'z'], ofTypes('a', 'b'), ['b', 'a']);
    await deployed.projections.resume('items');
    expect(await deployed.drained()).toEqual([3, 4]);
  });

  it('that loses a type is accepted where nothing had it', async () => {
    const { deployed } = await change(ofTypes('a', 'b'), ['a', 'z'], ofTypes('a'));
    await deployed.append('b', 'a');
    expect(await deployed.drained()).toEqual([4]);
  });

  it.each<[string, EventQuery, EventQuery, string]>([
    ['more of them', where('a', { k: 1 }), where('a', { k: 1 }, { k: 3 }), 'accepted'],
    ['others of facts', where('a', { k: 1 }), where('a', { k: 1 }, { k: 2 }), 'fact 2 ("a")'],
    ['narrower ones', where('a', { k: 1 }), where('a', { k: 1, of: [1] }), 'accepted'],
    ['too narrow ones', where('a', { k: 1 }), where('a', { k: 1, of: [2] }), 'fact 1 ("a")'],
    ['none', where('a', { k: 1 }, { k: 2 }), ofTypes('a'), 'accepted'],
    ['ones on any type', where('a', { k: 1 }), containing({ k: 1 }), 'fact 4 ("z")'],
    ['ones without leaves', ofTypes('a'), where('a', {}), 'accepted'],
    ['none on everything', {}, ofTypes('a', 'z'), 'accepted'],
    [
      'filters in another order',
      { filters: [{ event_types: ['a', 'z'] }] },
      { filters: [{ event_types: ['z'] }, { event_types: ['a'] }] },
      'accepted',
    ],
  ])('that has predicates changed to %s', async (_, former, query, expected) => {
    const facts = [
      fact('a', { k: 1, of: [1] }),
      fact('a', { k: 2, of: [1] }),
      fact('a', { k: 1, of: [1, 3] }),
      fact('z', { k: 1 }),
    ];
    const { deployed } = await change(former, facts, query);
    if (expected === 'accepted') await deployed.live();
    else await deployed.refused(new RegExp(expected.replaceAll(/[()]/g, '\\$&')));
  });

  it('that is refused for a parked fact names it; another one goes on with it', async () => {
    const former = ofTypes('a', 'poison');
    const { place, deployed } = await change(former, ['a', 'poison', 'a'], ofTypes('a'));
    await deployed.refused(
      /fact 2 \("poison"\), which its cursor at 3 has passed, matches that one/,
    );
    await deployed.close();
    const gained = await deploy(place, ofTypes('a', 'poison', 'b'));
    await gained.append('b');
    expect(await gained.drained()).toEqual([4]);
    expect(await gained.projections.parked('items')).toMatchObject([{ sequence_number: 2n }]);
    await gained.projections.retryParked('items');
    await shows(gained.projections, 'items', { state: 'parked-some' });
    expect(gained.seen).toEqual([]);
  });

  it('waits in a rolling deploy, and is taken when the former owner ends', async () => {
    const place = await placeOf();
    const old = await deploy(place, ofTypes('a'));
    await old.append('a');
    await old.drained();
    const next = await deploy(place, ofTypes('a', 'b'));
    await next.standsBy();
    await old.append('a');
    expect(await old.drained()).toEqual([2]);
    await old.close();
    await next.live();
    await next.append('b');
    expect(await next.drained()).toEqual([3]);
  });

  it('is refused in a rolling deploy whose former owner passes a fact of the new type', async () => {
    const place = await placeOf();
    const old = await deploy(place, ofTypes('a'));
    await old.append('a');
    await old.drained();
    const next = await deploy(place, ofTypes('a', 'b'));
    await next.standsBy();
    await old.append('b', 'a');
    expect(await old.drained()).toEqual([3]);
    await next.refused(/fact 2 \("b"\), which its cursor at (2|3) has passed/);
    await old.close();
    await until(
      async () => (await next.projections.status('items')).owner === null,
      () => 'nobody to run it',
    );
    expect(next.seen).toEqual([]);
    await next.projections.rebuild('items');
    expect(await next.drained()).toEqual([1, 2, 3]);
  });

  if (name.includes('transactional')) return;

  it('is refused where more than a thousand facts are to be compared', async () => {
    const place = await placeOf();
    const before = await deploy(place, ofTypes('a'));
    await before.store.append(Array.from({ length: 1_000 }, () => fact('a', { k: 1 })));
    await before.drained();
    await before.close();
    const enough = await deploy(place, where('a', { k: 1 }));
    await enough.append(fact('a', { k: 1 }));
    expect(await enough.drained()).toEqual([1_001]);
    await enough.close();
    const tooMany = await deploy(place, ofTypes('a'));
    await tooMany.refused(
      /whether they differ up to its cursor at 1001 is too dear to find out \(more than 1000 facts are to be compared\)/,
    );
  });
});
