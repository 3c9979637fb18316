import { afterEach, describe, expect, it } from '@jest/globals';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import { FactstrTypeOrmModule } from 'nestjs-factstr/typeorm';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import { jsonLines, runCli } from '../support/cli/run-cli.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { EffectRow, readModelOptions } from '../support/fixtures/read-models.js';
import { reachesState } from '../support/fixtures/two-apps.js';
import { until } from '../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const x = (n: number) => ({ event_type: 'x', payload: { n } });

let poisoned = new Set<bigint>();
function handle(facts: EventRecord[]): number[] {
  const poison = facts.find(({ sequence_number }) => poisoned.has(sequence_number));
  if (poison !== undefined) throw new Error(`cannot read ${poison.sequence_number}`);
  return facts.map(({ sequence_number }) => Number(sequence_number));
}

@Injectable()
class Plain {
  readonly seen: number[] = [];

  @DurableProjection({ name: 'items', query: 'x', onFailure: 'park', maxAttempts: 1 })
  project(facts: EventRecord[]) {
    this.seen.push(...handle(facts));
  }
}

@Injectable()
class Next {
  @DurableProjection({ name: 'items', version: 2, query: 'x' })
  project(facts: EventRecord[]) {
    handle(facts);
  }
}

@Injectable()
class Booked {
  @DurableProjection({
    name: 'booked',
    query: 'x',
    transactional: true,
    onFailure: 'park',
    maxAttempts: 1,
  })
  async project(facts: EventRecord[], { manager }: TransactionalContext) {
    for (const sequence_number of handle(facts))
      await manager.insert(EffectRow, { sequence_number });
  }
}

function targetOf(options: FactstrOptions): string {
  return options.provider === 'sqlite' ? options.path : (options as { url: string }).url;
}

async function shows(app: TestingModule, name: string, expected: object): Promise<void> {
  let last: unknown;
  await until(
    async () => {
      last = await app.get(FactstrProjections).status(name);
      try {
        expect(last).toMatchObject(expected);
        return true;
      } catch {
        return false;
      }
    },
    () => `${JSON.stringify(expected)} of ${name}`,
  );
}

afterEach(() => {
  poisoned = new Set();
});

describe.each(['sqlite', 'postgres'] as const)('The command projections, on %s,', (provider) => {
  const started = async (...classes: (typeof Plain | typeof Next)[]) => {
    const options = await optionsOf(provider, fixtures);
    const app = await fixtures.start(options, ...classes);
    const target = targetOf(options);
    const run = (...argv: string[]) => runCli(['projections', ...argv, '--database', target]);
    return { app, target, run };
  };

  it('lists where each stands, problems first, as text and as JSON', async () => {
    poisoned = new Set([2n]);
    const { app, run } = await started(Plain, Next);
    await reachesState(app, 'items', 'live');
    await app.get(FactstrStore).append([x(1)]);
    await app.get(FactstrStore).append([x(2)]);
    await app.get(FactstrStore).append([x(3)]);
    await shows(app, 'items', { version: 2 });
    await until(
      async () => (await app.get(FactstrProjections).status('items', { version: 1 })).parked === 1,
      () => 'a parked fact',
    );
    await app.get(FactstrProjections).waitFor('items', 3n, { version: 1 });
    const { code, out, err } = await run('list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [titles, ...lines] = out.trimEnd().split('\n');
    expect(titles).toMatch(/^projection +state +position +behind +for +parked +owner +reason$/);
    expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual(['items', 'items@2']);
    expect(lines[0]).toMatch(/^items +parked-some +3 +0 +- +1 /);
    const [first, second] = jsonLines(await run('list', '--json')) as Record<string, unknown>[];
    expect(first).toMatchObject({
      cursor: 'items',
      version: 1,
      place: 'store',
      state: 'parked-some',
      position: '3',
      head: '3',
      lag: '0',
      lagTime: 0,
      parked: 1,
      parkedSince: expect.stringMatching(/Z$/),
      retries: false,
      owner: { pid: process.pid, alive: true },
    });
    expect(second).toMatchObject({ cursor: 'items@2', name: 'items', version: 2 });
  });

  it('pauses and resumes, whichever process runs it, and says by whom', async () => {
    const { app, run } = await started(Plain);
    await reachesState(app, 'items', 'live');
    expect(await run('pause', 'items', '--by', 'ann')).toEqual({
      code: 0,
      out: 'items is paused.\n',
      err: '',
    });
    await shows(app, 'items', { state: 'paused' });
    expect((await run('pause', 'items')).out).toBe('items was paused already.\n');
    expect((await run('list')).out).toMatch(/items +paused/);
    expect((await run('resume', 'items')).out).toBe('items goes on.\n');
    await shows(app, 'items', { state: 'live' });
    expect(await app.get(FactstrProjections).interventions('items')).toMatchObject([
      { verb: 'pause', by: 'ann' },
      { verb: 'resume' },
    ]);
  });

  it('has parked facts handled again after the fix, and waits for it', async () => {
    poisoned = new Set([2n]);
    const { app, run } = await started(Plain);
    await app.get(FactstrStore).append([x(1)]);
    await app.get(FactstrStore).append([x(2)]);
    await app.get(FactstrStore).append([x(3)]);
    await shows(app, 'items', { state: 'parked-some', parked: 1, lag: 0n });
    const failing = await run('retry-parked', 'items');
    expect(failing).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^1 facts of items are parked still/),
    });
    poisoned = new Set();
    expect(await run('retry-parked', 'items')).toMatchObject({
      code: 0,
      out: 'The parked facts of items were handled.\n',
    });
    expect(app.get(Plain).seen).toEqual([1, 3, 2]);
    expect((await run('retry-parked', 'items')).out).toBe('No facts of items are parked.\n');
  });

  it('keeps the word where no process runs the projection', async () => {
    poisoned = new Set([1n]);
    const { app, target, run } = await started(Plain);
    await app.get(FactstrStore).append([x(1)]);
    await shows(app, 'items', { parked: 1 });
    await app.close();
    poisoned = new Set();
    expect((await run('list')).out).toMatch(/items +idle +1/);
    const said = await run('retry-parked', 'items', '--timeout', '50');
    expect(said).toMatchObject({ code: 1, out: expect.stringMatching(/The word stands/) });
    const options = provider === 'sqlite' ? { provider, path: target } : { provider, url: target };
    const next = await fixtures.start(options, Plain);
    await shows(next, 'items', { parked: 0, state: 'live' });
    expect(next.get(Plain).seen).toEqual([1]);
  });

  it('forgets parked facts, and switches versions', async () => {
    poisoned = new Set([1n]);
    const { app, run } = await started(Plain, Next);
    await app.get(FactstrStore).append([x(1)]);
    await until(
      async () => (await app.get(FactstrProjections).status('items', { version: 1 })).parked === 1,
      () => 'a parked fact',
    );
    expect((await run('discard-parked', 'items')).out).toMatch(/are forgotten/);
    await until(
      async () => (await run('list')).out.includes('items@2'),
      () => 'the cursor of version 2',
    );
    const behind = await run('switch-to', 'items@2');
    expect(behind).toMatchObject({ code: 1, err: expect.stringMatching(/is at 0 of 1/) });
    expect(await run('switch-to', 'items@2', '--force')).toMatchObject({ code: 0 });
    expect(await app.get(FactstrProjections).activeVersion('items')).toBe(2);
    expect((await run('switch-to', 'items@2')).out).toBe('Reads use items@2 already.\n');
  });

  it('names what there is where a projection is not there', async () => {
    const { app, run } = await started(Plain);
    await reachesState(app, 'items', 'live');
    expect(await run('pause', 'lost')).toEqual({
      code: 2,
      out: '',
      err: 'error: There is no projection "lost" in this database. It has items.\n',
    });
    expect((await run('pause')).code).toBe(2);
    expect((await run('retry-parked', 'items', '--timeout', 'soon')).code).toBe(2);
  });

  it('reaches the cursors of transactional ones in their read model’s database', async () => {
    poisoned = new Set([2n]);
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
    await app.get(FactstrStore).append([x(2)]);
    await shows(app, 'booked', { parked: 1, lag: 0n });
    const target = targetOf(options);
    const beside = (readModel as { url?: string }).url ?? (readModel.database as string);
    const run = (...argv: string[]) => runCli(['projections', ...argv, '--database', target]);
    expect((await run('list')).out).toMatch(/booked +unknown +\? .*--read-model/);
    expect(await run('pause', 'booked')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/read model's database.*--read-model/),
    });
    const [told] = jsonLines(await run('list', '--json', '--read-model', beside));
    expect(told).toMatchObject({ place: 'read model', position: '2', parked: 1 });
    poisoned = new Set();
    expect(await run('retry-parked', 'booked', '--read-model', beside)).toMatchObject({ code: 0 });
    expect((await run('pause', 'booked', '--read-model', beside)).code).toBe(0);
    await shows(app, 'booked', { state: 'paused', parked: 0 });
  });
});

describe('The command projections', () => {
  it('lists the streams of a database that FACTSTR wrote, and changes nothing in it', async () => {
    const file = join(await fixtures.folder(), 'golden.sqlite');
    await copyFile(
      new URL('../fixtures/factstr-golden/factstr-0.5.2.sqlite', import.meta.url),
      file,
    );
    const before = await readFile(file);
    const { code, out } = await runCli(['projections', 'list', '--database', file]);
    expect(code).toBe(0);
    expect(out).toMatch(/idle/);
    expect(await readFile(file)).toEqual(before);
  });
});
