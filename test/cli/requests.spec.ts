import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { newRequest } from '../../lib/cursors/requests.js';
import { runCli } from '../support/cli/run-cli.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { EffectRow, readModelOptions } from '../support/fixtures/read-models.js';
import { reachesState } from '../support/fixtures/two-apps.js';
import { deadOwner } from '../support/streams/owners.js';
import { until } from '../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const x = (n: number) => ({ event_type: 'x', payload: { n } });

/** What happened to the read models, in order: the numbers of facts, and `cleared`. */
let seen: (number | string)[] = [];
let broken = false;
beforeEach(() => {
  seen = [];
  broken = false;
});

function clear(): void {
  if (broken) throw new Error('cannot clear');
  seen.push('cleared');
}

@Injectable()
class Items {
  @DurableProjection({ name: 'items', query: 'x' })
  project(facts: EventRecord[]) {
    seen.push(...facts.map(({ sequence_number }) => Number(sequence_number)));
  }

  onReset() {
    clear();
  }
}

@Injectable()
class OtherItems {
  @DurableProjection({ name: 'items', query: 'y' })
  project(facts: EventRecord[]) {
    seen.push(...facts.map(({ sequence_number }) => `y${sequence_number}`));
  }

  onReset() {
    clear();
  }
}

@Injectable()
class Booked {
  @DurableProjection({ name: 'booked', query: 'x', transactional: true })
  async project(facts: EventRecord[], { manager }: TransactionalContext) {
    for (const { sequence_number } of facts) {
      await manager.insert(EffectRow, { sequence_number: Number(sequence_number) });
    }
  }

  async onReset(manager: TransactionalContext['manager']) {
    await manager.clear(EffectRow);
    clear();
  }
}

function targetOf(options: FactstrOptions): string {
  return options.provider === 'sqlite' ? options.path : (options as { url: string }).url;
}

const verbsOf = async (app: TestingModule, name = 'items') =>
  (await app.get(FactstrProjections).interventions(name)).map(({ verb, by }) => [
    verb.replaceAll(/[0-9a-f-]{36}/g, 'ID').replace(/until .*/, 'until T'),
    by,
  ]);

describe.each(['sqlite', 'postgres'] as const)('Requests, on %s,', (provider) => {
  const started = async () => {
    const options = await optionsOf(provider, fixtures);
    const app = await fixtures.start(options, Items);
    await app.get(FactstrStore).append([x(1)]);
    await app.get(FactstrStore).append([x(2)]);
    await app.get(FactstrProjections).waitFor('items', 2n);
    const target = targetOf(options);
    const run = (...argv: string[]) => runCli(['projections', ...argv, '--database', target]);
    const again = (of: typeof Items | typeof OtherItems = Items) =>
      fixtures.start(
        provider === 'sqlite' ? { provider, path: target } : { provider, url: target },
        of,
      );
    return { app, run, again, target };
  };

  it('rebuild a projection, which a living process carries out, and say by whom', async () => {
    const { app, run } = await started();
    expect(await run('rebuild', 'items', '--by', 'ann')).toMatchObject({
      code: 0,
      out: 'items starts over.\n',
    });
    await until(
      () => seen.length === 5,
      () => String(seen),
    );
    expect(seen).toEqual([1, 2, 'cleared', 1, 2]);
    expect(await verbsOf(app)).toEqual([
      ['request rebuild ID until T', 'ann'],
      ['rebuild', 'ann'],
      ['done ID', null],
    ]);
  });

  it('reset one that is paused, which stays paused', async () => {
    const { app, run } = await started();
    await app.get(FactstrProjections).pause('items');
    expect(await run('reset', 'items', '--to', '1')).toMatchObject({
      code: 0,
      out: 'items goes on after fact 1.\n',
    });
    expect(await app.get(FactstrProjections).status('items')).toMatchObject({
      state: 'paused',
      lag: 1n,
    });
    await app.get(FactstrProjections).resume('items');
    await app.get(FactstrProjections).waitFor('items', 2n);
    expect(seen).toEqual([1, 2, 2]);
  });

  it('tell why they failed, and are not tried again', async () => {
    const { app, run } = await started();
    broken = true;
    expect(await run('rebuild', 'items')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^The rebuild of items failed, and was not done: .*cannot clear/),
    });
    broken = false;
    await reachesState(app, 'items', 'live');
    expect(seen).toEqual([1, 2]);
    expect(await run('reset', 'items', '--to', '3')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/the log goes from 0 to 2/),
    });
    expect((await run('reset', 'items', '--to', 'x')).code).toBe(2);
    expect((await run('reset', 'items')).code).toBe(2);
  });

  it('stand while no process registers the projection, until they expire', async () => {
    const { app, run, again } = await started();
    await app.close();
    expect(await run('rebuild', 'items', '--timeout', '50')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^No process came to it within .* stands until /),
    });
    expect(await run('rebuild', 'items', '--no-wait', '--expires', '0')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Request .* stands until /),
    });
    const next = await again();
    await until(
      async () => (await verbsOf(next)).length === 5,
      () => 'an outcome of both',
    );
    await next.get(FactstrProjections).waitFor('items', 2n);
    expect((await verbsOf(next)).map(([verb]) => verb)).toEqual([
      'request rebuild ID until T',
      'request rebuild ID until T',
      'rebuild',
      'done ID',
      'expired ID',
    ]);
    expect(seen).toEqual([1, 2, 'cleared', 1, 2]);
  });

  it('are carried out once where the first process that came to it has died', async () => {
    const { app, again, run, target } = await started();
    await app.close();
    await run('rebuild', 'items', '--no-wait');
    const store =
      provider === 'sqlite' ? new FactstrSqliteStore(target) : new FactstrPostgresStore(target);
    fixtures.later(() => store.close());
    const { cursorStore } = store.log;
    const dead = deadOwner('dead');
    const epoch = await cursorStore.claim('items', (await cursorStore.find('items'))!, dead, 100);
    const next = await again();
    await until(
      async () => (await verbsOf(next)).some(([verb]) => verb === 'done ID'),
      () => 'the outcome',
    );
    await next.get(FactstrProjections).waitFor('items', 2n);
    expect(seen).toEqual([1, 2, 'cleared', 1, 2]);
    expect(await cursorStore.answer!('items', epoch!, 'done too late')).toBe(false);
    expect((await verbsOf(next)).length).toBe(3);
  });

  it('rebuild one whose changed query was refused', async () => {
    const { app, again, run } = await started();
    await app.close();
    const next = await again(OtherItems);
    await until(
      async () => (await next.get(FactstrProjections).status('items')).code !== null,
      () => 'the refusal',
    );
    expect(await run('rebuild', 'items')).toMatchObject({ code: 0 });
    await next.get(FactstrStore).append([{ event_type: 'y', payload: {} }]);
    await next.get(FactstrProjections).waitFor('items', 3n);
    expect(seen).toEqual([1, 2, 'cleared', 'y3']);
  });

  it('clear a read model and move the cursor in one transaction', async () => {
    const options = await optionsOf(provider, fixtures);
    const readModel = await readModelOptions(provider, fixtures);
    const app = await fixtures.app({
      imports: [
        FactstrModule.forRoot(options),
        TypeOrmModule.forRoot(readModel),
        FactstrTypeOrmModule,
      ],
      providers: [Booked],
    });
    await app.get(FactstrStore).append([x(1)]);
    await app.get(FactstrProjections).waitFor('booked', 1n);
    const beside = (readModel as { url?: string }).url ?? (readModel.database as string);
    const run = (...argv: string[]) =>
      runCli(['projections', ...argv, '--database', targetOf(options), '--read-model', beside]);
    expect(await run('rebuild', 'booked', '--by', 'ann')).toMatchObject({ code: 0 });
    await app.get(FactstrProjections).waitFor('booked', 1n);
    broken = true;
    expect(await run('rebuild', 'booked')).toMatchObject({ code: 1 });
    await app.get(FactstrProjections).waitFor('booked', 1n);
    expect(seen).toEqual(['cleared']);
    expect((await verbsOf(app, 'booked')).map(([verb]) => verb)).toEqual([
      'request rebuild ID until T',
      'rebuild',
      'done ID',
      'request rebuild ID until T',
      expect.stringMatching(/^failed ID: .*cannot clear/),
    ]);
  });
});

describe('A request', () => {
  it('expires by what it was given', () => {
    const { expires } = newRequest({ verb: 'rebuild', by: null, position: 0n }, 60_000);
    expect(Date.parse(expires)).toBeGreaterThan(Date.now());
  });
});
