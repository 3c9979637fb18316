import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import type { INestApplication, Type } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  InvalidOptionsError,
} from 'nestjs-factstr';
import type { EventRecord, FactstrOptions } from 'nestjs-factstr';
import { FactstrHealthIndicator, FactstrTerminusModule } from 'nestjs-factstr/terminus';
import type { FactstrReadyOptions } from 'nestjs-factstr/terminus';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { Application } from '../../support/fixtures/projecting-application.js';
import { createDatabase } from '../../support/postgres.js';
import { TestProxy } from '../../support/postgres/proxy.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const MEMORY: FactstrOptions = { provider: 'memory' };
const x = (n: number) => ({ event_type: 'x', payload: { n } });

async function becomesLive(app: INestApplication): Promise<void> {
  const projections = app.get(FactstrProjections);
  await until(
    async () => (await projections.status('items')).state === 'live',
    () => 'a projection that is live',
  );
}

/** What `/ready` is asked with; tests change it. */
@Injectable()
class Asked {
  options: FactstrReadyOptions = {};
}

@Controller()
class Health {
  constructor(
    readonly health: HealthCheckService,
    readonly factstr: FactstrHealthIndicator,
    readonly asked: Asked,
  ) {}

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.factstr.isReady('factstr', this.asked.options)]);
  }

  @Get('live')
  @HealthCheck()
  live() {
    return this.health.check([() => this.factstr.isAlive('factstr')]);
  }
}

/** Handles facts, and fails on those that it is told to. */
@Injectable()
class Items {
  failing = (_fact: EventRecord): boolean => false;
  hangs: Promise<void> | undefined;

  async handle(facts: EventRecord[]): Promise<void> {
    await this.hangs;
    if (facts.some((fact) => this.failing(fact))) throw new Error('the secret of a payload');
  }
}

@Injectable()
class Parking {
  constructor(readonly items: Items) {}

  @DurableProjection({ name: 'items', query: 'x', onFailure: 'park', maxAttempts: 3, timeout: 300 })
  project(facts: EventRecord[]) {
    return this.items.handle(facts);
  }
}

@Injectable()
class Pausing {
  constructor(readonly items: Items) {}

  @DurableProjection({ name: 'items', query: 'x', maxAttempts: 1 })
  project(facts: EventRecord[]) {
    return this.items.handle(facts);
  }
}

type Registered = NonNullable<Parameters<typeof FactstrModule.forRoot>[0]>;

async function start(
  options: Registered | Registered[],
  ...providers: Type[]
): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [...[options].flat().map((one) => FactstrModule.forRoot(one)), FactstrTerminusModule],
    controllers: [Health],
    providers: [Asked, Items, ...providers],
  })
    .setLogger(fixtures.log)
    .compile();
  const app = module.createNestApplication();
  await app.init();
  fixtures.later(() => app.close());
  return app;
}

interface Answer {
  readonly code: number;
  readonly status: string;
  readonly factstr: { readonly status: string; readonly [detail: string]: unknown };
  readonly text: string;
}

async function asked(app: INestApplication, path: 'ready' | 'live'): Promise<Answer> {
  const { status: code, body, text } = await request(app.getHttpServer()).get(`/${path}`);
  const { status, details } = body as { status: string; details: Record<string, never> };
  return { code, status, factstr: details['factstr']!, text };
}

/** Waits until `/ready` says what is expected. */
async function becomes(app: INestApplication, expected: object): Promise<Answer> {
  let last: Answer | undefined;
  await until(
    async () => {
      last = await asked(app, 'ready');
      try {
        expect(last).toMatchObject(expected);
        return true;
      } catch {
        return false;
      }
    },
    () => `${JSON.stringify(expected)}; it is ${last?.text}`,
  );
  return last!;
}

const degraded = (...problems: string[]) => ({
  code: 200,
  status: 'degraded',
  factstr: { status: 'degraded', projections: [{ projection: 'items', problems }] },
});

describe.each(['memory', 'sqlite', 'postgres'] as const)('Readiness on %s', (provider) => {
  it('is up, with the head of each store, also while nothing comes', async () => {
    const app = await start(await optionsOf(provider, fixtures), Parking);
    await becomesLive(app);
    app.get(Asked).options = { maxAge: 0, maxSilence: 0 };
    expect(await asked(app, 'ready')).toMatchObject({
      code: 200,
      status: 'ok',
      factstr: { status: 'up', stores: { default: { head: '0' } } },
    });
    await app.get(FactstrStore).append([x(1)]);
    await app.get(FactstrProjections).waitFor('items', 1n);
    expect(await asked(app, 'ready')).toMatchObject({
      code: 200,
      factstr: { status: 'up', stores: { default: { head: '1' } } },
    });
    expect(await asked(app, 'live')).toMatchObject({ code: 200, factstr: { status: 'up' } });
  });

  it('is degraded by a parked fact until it is handled, without its error’s text', async () => {
    const app = await start(await optionsOf(provider, fixtures), Parking);
    app.get(Items).failing = ({ sequence_number }) => sequence_number === 2n;
    await app.get(FactstrStore).append([x(1), x(2), x(3)]);
    const answer = await becomes(app, degraded('parked'));
    expect(answer.factstr).toMatchObject({
      projections: [
        {
          store: 'default',
          version: 1,
          state: 'parked-some',
          parked: 1,
          parkedSince: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        },
      ],
    });
    expect(answer.text).not.toContain('secret');
    expect(await asked(app, 'live')).toMatchObject({ code: 200, factstr: { status: 'up' } });

    app.get(Asked).options = { downWhen: ['parked'] };
    expect(await asked(app, 'ready')).toMatchObject({ code: 503, factstr: { status: 'down' } });
    app.get(Asked).options = {};
    app.get(Items).failing = () => false;
    await app.get(FactstrProjections).retryParked('items');
    await becomes(app, { code: 200, factstr: { status: 'up' } });
  });

  it('is degraded by a projection that is paused, or stuck, or behind', async () => {
    const app = await start(await optionsOf(provider, fixtures), Parking);
    const projections = app.get(FactstrProjections);
    await projections.pause('items', { by: 'ann' });
    await becomes(app, degraded('paused'));
    app.get(Asked).options = { maxAge: 0 };
    await app.get(FactstrStore).append([x(1)]);
    const behind = await becomes(app, degraded('paused', 'behind'));
    expect(behind.factstr['projections']).toMatchObject([{ lag: 1 }]);
    // Only chosen ones.
    app.get(Asked).options = { maxAge: 0, projections: [] };
    expect(await asked(app, 'ready')).toMatchObject({ factstr: { status: 'up' } });

    app.get(Asked).options = { maxAge: 1_000_000 };
    let end!: () => void;
    app.get(Items).hangs = new Promise((resolve) => (end = resolve));
    await projections.resume('items');
    await becomes(app, degraded('stuck'));
    end();
    await becomes(app, { factstr: { status: 'up' } });
  });

  it('is degraded by a projection that gave up, with its code where it has one', async () => {
    const app = await start(await optionsOf(provider, fixtures), Pausing);
    app.get(Items).failing = () => true;
    await app.get(FactstrStore).append([x(1)]);
    const answer = await becomes(app, degraded('paused'));
    expect(answer.text).not.toContain('secret');
  });

  it('is down where the store was closed under the application, which a restart mends', async () => {
    const app = await start(await optionsOf(provider, fixtures), Parking);
    await app.get(FactstrStore).close();
    await becomes(app, {
      code: 503,
      status: 'error',
      factstr: { status: 'down', stores: { default: { down: 'STORE_CLOSED' } } },
    });
    expect(await asked(app, 'live')).toMatchObject({
      code: 503,
      factstr: { status: 'down', closed: ['default'] },
    });
  });
});

describe.each(['sqlite', 'postgres'] as const)('Readiness of two processes on %s', (provider) => {
  it('sees that an owner is dead while facts wait, and one that lives', async () => {
    const options = await optionsOf(provider, fixtures);
    const app = await start({ ...options, handlers: false }, Parking);
    const task = { options, projections: ['items'] };
    const owner = await Application.create(task, (undo) => fixtures.later(undo));
    await owner.call('start');
    await owner.owns(1);
    app.get(Asked).options = { maxSilence: 0 };
    expect(await asked(app, 'ready')).toMatchObject({ factstr: { status: 'up' } });
    await owner.kill();
    // A store that is quiet is none the worse for it.
    expect(await asked(app, 'ready')).toMatchObject({ factstr: { status: 'up' } });
    await app.get(FactstrStore).append([x(1)]);
    await becomes(app, degraded('silent'));

    const next = await Application.create(task, (undo) => fixtures.later(undo));
    await next.call('start');
    await becomes(app, { factstr: { status: 'up' } });
  });
});

describe('Readiness', () => {
  it('is down while Postgres is away or hangs, within its timeout, and up again after', async () => {
    const database = await createDatabase();
    fixtures.later(() => database.drop());
    const proxy = await TestProxy.start(database.url);
    fixtures.later(() => proxy.stop());
    const app = await start(
      {
        provider: 'postgres',
        url: proxy.url,
        connectionTimeout: 500,
        queryTimeout: 60_000,
        statementTimeout: 50_000,
      },
      Parking,
    );
    await becomesLive(app);
    app.get(Asked).options = { timeout: 400 };
    proxy.freeze();
    expect(await asked(app, 'ready')).toMatchObject({
      code: 503,
      factstr: { status: 'down', stores: { default: { down: 'no answer within 400 ms' } } },
    });
    expect(await asked(app, 'live')).toMatchObject({ code: 200 });
    proxy.thaw();
    proxy.cut();
    await becomes(app, { code: 200, factstr: { status: 'up' } });
  });

  it('looks at named stores, and at the chosen ones only', async () => {
    const app = await start([
      { name: 'default', provider: 'memory' },
      { name: 'audit', provider: 'memory' },
    ]);
    expect((await asked(app, 'ready')).factstr).toMatchObject({
      stores: { default: { head: '0' }, audit: { head: '0' } },
    });
    app.get(Asked).options = { stores: ['audit'] };
    expect((await asked(app, 'ready')).factstr['stores']).toEqual({ audit: { head: '0' } });
  });

  it('refuses what it does not know', async () => {
    const app = await start(MEMORY, Parking);
    const factstr = app.get(FactstrHealthIndicator);
    const refused = async (options: object, message: RegExp): Promise<void> => {
      const asking = factstr.isReady('factstr', options);
      await expect(asking).rejects.toThrow(InvalidOptionsError);
      await expect(asking).rejects.toThrow(message);
    };
    await refused({ stores: ['audit'] }, /store "audit".* It has default/);
    await refused({ projections: ['lost'] }, /projection "lost".* It has items/);
    await refused({ maxage: 3 }, /no option "maxage"; it has .*maxAge/);
    await refused({ maxAge: -1 }, /maxAge/);
    await refused({ downWhen: ['sad'] }, /downWhen.*stopped, stuck, paused/);
    await refused({ stores: 'default' }, /stores .*a list/);
  });

  it('is up with details where terminus knows no degraded', async () => {
    const app = await start(MEMORY, Parking);
    await app.get(FactstrProjections).pause('items');
    const service = app.get(HealthIndicatorService, { strict: false });
    const check = service.check.bind(service);
    // As terminus 11 makes it.
    service.check = (key) => Object.assign(check(key), { degraded: undefined });
    expect(await asked(app, 'ready')).toMatchObject({
      code: 200,
      status: 'ok',
      factstr: { status: 'up', degraded: true, projections: [{ problems: ['paused'] }] },
    });
  });
});
