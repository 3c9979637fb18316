import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Registry } from 'prom-client';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import { FactstrPrometheusModule } from 'nestjs-factstr/prometheus';
import { METRICS } from '../../../lib/telemetry/metrics.js';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { Scrape } from '../../support/telemetry/scraped.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const x = { event_type: 'x', payload: {} };

@Injectable()
class Items {
  failing = false;

  @DurableProjection({ name: 'items', query: 'x', onFailure: 'park', maxAttempts: 1 })
  project() {
    if (this.failing) throw new Error('odd');
  }
}

async function started(registry: Registry) {
  return fixtures.app({
    imports: [
      FactstrModule.forRoot(await optionsOf('sqlite', fixtures)),
      FactstrPrometheusModule.forRoot({ registry }),
    ],
    providers: [Items],
  });
}

async function scrape(registry: Registry): Promise<Scrape> {
  return new Scrape(await registry.metrics());
}

/** A scrape in which every metric has been told something. */
async function full(registry: Registry): Promise<Scrape> {
  const app = await started(registry);
  app.get(Items).failing = true;
  await app.get(FactstrStore).append([x]);
  await expect(app.get(FactstrStore).append(null as never)).rejects.toThrow();
  await until(
    async () =>
      ((await scrape(registry)).valueOf('factstr_projection_parked_age_seconds') ?? 0) > 0,
    () => 'the age of a parked fact in the metrics',
  );
  return scrape(registry);
}

describe('Metrics in prom-client', () => {
  it('are those of OpenTelemetry, under the names that Prometheus wants', async () => {
    const seen = await full(new Registry());
    const projection = { factstr_store: 'default', factstr_projection: 'items' };
    expect(seen.valueOf('factstr_append_facts_total', { factstr_store: 'default' })).toBe(1);
    expect(seen.valueOf('factstr_projection_parked_age_seconds', projection)).toBeGreaterThan(0);
    expect(
      seen.valueOf('factstr_projection_attempts_total', {
        ...projection,
        factstr_outcome: 'failed',
      }),
    ).toBe(1);
    expect(
      seen.valueOf('db_client_operation_duration_seconds_count', {
        db_operation_name: 'append',
        error_type: 'INVALID_EVENT',
      }),
    ).toBe(1);
    for (const { name, unit } of Object.values(METRICS)) {
      const written = `${name.replaceAll('.', '_')}${unit === 's' ? '_seconds' : ''}`;
      expect(seen.samples.map((sample) => sample.name)).toContainEqual(
        expect.stringMatching(new RegExp(`^${written}(_count|_total)?$`)),
      );
    }
  });

  it('read the projections once for each collection', async () => {
    const registry = new Registry();
    const app = await started(registry);
    let reads = 0;
    const projections = app.get(FactstrProjections);
    const list = projections.list.bind(projections);
    projections.list = (...args) => {
      reads++;
      return list(...args);
    };
    await registry.metrics();
    expect(reads).toBe(1);
    await until(
      async () => (await registry.metrics()) !== '' && reads === 2,
      () => 'a second reading',
    );
  });

  it('forget a state that is over, and go on for the next application', async () => {
    const registry = new Registry();
    const app = await started(registry);
    await app.get(FactstrProjections).pause('items');
    await until(
      async () =>
        (await scrape(registry)).valueOf('factstr_projection_state', {
          factstr_state: 'paused',
        }) === 1,
      () => 'a paused projection',
    );
    const states = (await scrape(registry)).samples.filter(
      ({ name }) => name === 'factstr_projection_state',
    );
    expect(states).toHaveLength(1);
    await app.close();
    expect((await scrape(registry)).valueOf('factstr_projection_lag')).toBeUndefined();
    const next = await started(registry);
    await next.get(FactstrStore).append([x]);
    await next.get(FactstrProjections).waitFor('items', 1n);
    expect((await scrape(registry)).valueOf('factstr_projection_lag')).toBe(0);
  });

  it('stay those of an application that began before the last one ended', async () => {
    const registry = new Registry();
    const last = await started(registry);
    const next = await started(registry);
    await last.close();
    await next.get(FactstrStore).append([x]);
    await next.get(FactstrProjections).waitFor('items', 1n);
    expect((await scrape(registry)).valueOf('factstr_projection_lag')).toBe(0);
  });
});

describe('The files for Prometheus and Grafana', () => {
  const root = new URL('../../../docs/monitoring/', import.meta.url);
  const rules = readFileSync(new URL('prometheus-alerts.yml', root), 'utf8');
  const dashboard = readFileSync(new URL('grafana-dashboard.json', root), 'utf8');

  /** The names of metrics in expressions, and the labels that are compared or grouped by. */
  const named = (text: string): string[] => [
    ...new Set(
      [...text.matchAll(/\b(factstr_[a-z_]+|db_client_[a-z_]+)/g)].map(([, name]) => name!),
    ),
  ];

  it('name metrics and labels that a scrape has, and the dashboard shows all of them', async () => {
    const seen = await full(new Registry());
    const names = new Set(seen.samples.map(({ name }) => name));
    const labels = new Set(seen.samples.flatMap((sample) => Object.keys(sample.labels)));
    for (const text of [rules, dashboard]) {
      const unknown = named(text).filter((name) => !names.has(name) && !labels.has(name));
      expect(unknown).toEqual([]);
    }
    const shown = named(dashboard);
    for (const { name } of Object.values(METRICS)) {
      const base = name.replaceAll('.', '_');
      expect(shown.filter((one) => one.startsWith(base))).not.toEqual([]);
    }
    expect(JSON.parse(dashboard)).toMatchObject({
      title: expect.any(String),
      panels: expect.any(Array),
    });
  });
});
