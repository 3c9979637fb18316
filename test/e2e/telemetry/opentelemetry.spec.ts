import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { ProxyTracerProvider, SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Tracer, TracerProvider } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import {
  DurableProjection,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
} from 'nestjs-factstr';
import { FactstrOpenTelemetryModule } from 'nestjs-factstr/opentelemetry';
import type { FactstrOpenTelemetryOptions } from 'nestjs-factstr/opentelemetry';
import { Fixtures, optionsOf } from '../../support/fixtures/applications.js';
import { scraped } from '../../support/telemetry/scraped.js';
import { until } from '../../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
// The context manager is what lets a span be found in an async context.
beforeAll(() => provider.register());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
});
afterEach(() => exporter.reset());

const SECRET = 'the secret of a payload';
const x = (n: number) => ({ event_type: 'x', payload: { n, note: SECRET } });
const QUERY = { filters: [{ event_types: ['x'] }] };

@Injectable()
class Handlers {
  failing = false;
  /** The trace in which the handler was called. */
  readonly traces: (string | undefined)[] = [];
  live = 0;

  constructor(readonly store: FactstrStore) {}

  @DurableProjection({ name: 'items', query: 'x', onFailure: 'park', maxAttempts: 2 })
  async project() {
    this.traces.push(trace.getActiveSpan()?.spanContext().traceId);
    if (this.failing) throw new Error(SECRET);
    await this.store.query({ ...QUERY, min_sequence_number: 1_000n });
  }

  @OnFacts('x')
  hear() {
    this.live++;
  }
}

async function started(
  name: 'memory' | 'sqlite' | 'postgres',
  options: FactstrOpenTelemetryOptions = {},
  ...providers: Type[]
): Promise<TestingModule> {
  return fixtures.app({
    imports: [
      FactstrModule.forRoot(await optionsOf(name, fixtures)),
      FactstrOpenTelemetryModule.forRoot(options),
    ],
    providers,
  });
}

function spans(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

async function spanOf(name: string, count = 1): Promise<ReadableSpan> {
  await until(
    () => spans(name).length >= count,
    () =>
      `a span ${name}; there are ${exporter
        .getFinishedSpans()
        .map((span) => span.name)
        .join(', ')}`,
  );
  return spans(name)[count - 1]!;
}

describe.each([
  ['memory', 'factstr.memory'],
  ['sqlite', 'sqlite'],
  ['postgres', 'postgresql'],
] as const)('Spans on %s', (name, system) => {
  it('show each operation, with the names of the conventions', async () => {
    const app = await started(name, { metrics: false });
    const store = app.get(FactstrStore);
    await store.append([x(1), x(2)]);
    await store.appendIf([x(3)], QUERY, 1n);
    await store.query(QUERY);
    await store.decide(QUERY, () => [x(4)]);
    const common = { 'db.system.name': system, 'factstr.store': 'default' };
    const append = await spanOf('append default');
    expect(append).toMatchObject({
      kind: SpanKind.CLIENT,
      attributes: {
        ...common,
        'db.operation.name': 'append',
        'db.operation.batch.size': 2,
        'factstr.outcome': 'committed',
        'factstr.facts': 2,
      },
    });
    expect(append.instrumentationScope.name).toBe('nestjs-factstr');
    const [conflict, decided] = spans('appendIf default');
    expect(conflict!.attributes).toEqual({
      ...common,
      'db.operation.name': 'appendIf',
      'factstr.outcome': 'conflict',
      'factstr.facts': 0,
    });
    expect((await spanOf('query default')).attributes).toMatchObject({
      'factstr.outcome': 'read',
      'factstr.facts': 2,
    });
    const decide = await spanOf('decide default');
    expect(decide).toMatchObject({
      kind: SpanKind.INTERNAL,
      attributes: { ...common, 'factstr.outcome': 'committed', 'factstr.attempts': 1 },
    });
    // What a decision appends lies within it.
    expect(decided!.parentSpanContext?.spanId).toBe(decide.spanContext().spanId);
    expect(
      JSON.stringify(exporter.getFinishedSpans().map(({ attributes }) => attributes)),
    ).not.toContain(SECRET);
  });

  it('show what failed by its code, without its message', async () => {
    const app = await started(name, { metrics: false });
    await expect(
      app.get(FactstrStore).append([{ event_type: '', payload: SECRET }]),
    ).rejects.toThrow();
    const span = await spanOf('append default');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes['error.type']).toBe('INVALID_EVENT');
    expect(span.events).toEqual([]);
    await expect(app.get(FactstrStore).append(null as never)).rejects.toThrow();
  });

  it('of handlers begin a trace, linked to that of the append', async () => {
    const app = await started(name, { metrics: false }, Handlers);
    const store = app.get(FactstrStore);
    await trace.getTracer('request').startActiveSpan('request', async (request) => {
      await store.append([x(1)]);
      request.end();
    });
    const append = await spanOf('append default');
    const request = await spanOf('request');
    expect(append.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    for (const handled of [await spanOf('handle items'), await spanOf('handle Handlers.hear')]) {
      expect(handled.kind).toBe(SpanKind.CONSUMER);
      expect(handled.parentSpanContext).toBeUndefined();
      expect(handled.spanContext().traceId).not.toBe(append.spanContext().traceId);
      expect(handled.links.map((link) => link.context)).toMatchObject([
        { traceId: append.spanContext().traceId, spanId: append.spanContext().spanId },
      ]);
    }
    const handled = spans('handle items')[0]!;
    expect(handled.attributes).toMatchObject({
      'factstr.store': 'default',
      'factstr.projection': 'items',
      'factstr.handler': 'Handlers.project',
      'factstr.facts': 1,
      'factstr.attempt': 1,
    });
    // The handler finds its span, and what it does lies within.
    expect(app.get(Handlers).traces).toEqual([handled.spanContext().traceId]);
    expect((await spanOf('query default')).parentSpanContext?.spanId).toBe(
      handled.spanContext().spanId,
    );
    const { event_records } = await store.query(QUERY, { metadata: true });
    expect(event_records[0]!.metadata).toMatchObject({
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    });
  });

  it('of a handler that fails say so', async () => {
    const app = await started(name, { metrics: false }, Handlers);
    app.get(Handlers).failing = true;
    await app.get(FactstrStore).append([x(1)]);
    const second = await spanOf('handle items', 2);
    expect(second.attributes).toMatchObject({ 'factstr.attempt': 2, 'error.type': 'Error' });
    expect(second.status).toEqual({ code: SpanStatusCode.ERROR });
  });
});

describe('Spans of an SDK that is older than the API', () => {
  it('take no links, and their handlers are called', async () => {
    const tracerProvider: TracerProvider = {
      getTracer(name) {
        const tracer = provider.getTracer(name);
        const startSpan: Tracer['startSpan'] = (...args) =>
          Object.assign(tracer.startSpan(...args), { addLinks: undefined });
        return { startSpan, startActiveSpan: tracer.startActiveSpan.bind(tracer) };
      },
    };
    const app = await started('memory', { tracerProvider, metrics: false }, Handlers);
    await app.get(FactstrStore).append([x(1)]);
    expect((await spanOf('handle items')).links).toEqual([]);
    expect(app.get(Handlers).traces).toHaveLength(1);
    await spanOf('handle Handlers.hear');
    expect(app.get(Handlers).live).toBe(1);
  });
});

describe('Without a tracer that records', () => {
  it('no metadata is kept, and none is read', async () => {
    const tracerProvider = new ProxyTracerProvider();
    const app = await started('sqlite', { tracerProvider, metrics: false }, Handlers);
    await app.get(FactstrStore).append([x(1)]);
    await until(
      () => app.get(Handlers).live === 1,
      () => 'a call of the live handler',
    );
    const { event_records } = await app.get(FactstrStore).query(QUERY, { metadata: true });
    expect(event_records[0]!.metadata).toBeNull();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

describe.each(['memory', 'sqlite', 'postgres'] as const)('Metrics on %s', (name) => {
  it('are scraped under their names: operations, appends, projections', async () => {
    const scrape = new PrometheusExporter({ preventServerStart: true });
    const meterProvider = new MeterProvider({ readers: [scrape] });
    fixtures.later(() => meterProvider.shutdown());
    const app = await started(name, { spans: false, meterProvider }, Handlers);
    const store = app.get(FactstrStore);
    await store.append([x(1), x(2)]);
    await store.appendIf([x(3)], QUERY, 1n);
    await store.decide(QUERY, () => [x(3)]);
    await app.get(FactstrProjections).waitFor('items', 3n);
    const seen = await scraped(scrape);
    const own = { factstr_store: 'default' };
    expect(seen.valueOf('factstr_append_facts_total', own)).toBe(3);
    expect(
      seen.valueOf('factstr_append_duration_count', {
        ...own,
        factstr_outcome: 'conflict',
      }),
    ).toBe(1);
    expect(
      seen.valueOf('factstr_append_duration_count', {
        ...own,
        factstr_outcome: 'committed',
      }),
    ).toBe(2);
    expect(
      seen.valueOf('db_client_operation_duration_count', {
        ...own,
        db_operation_name: 'decide',
      }),
    ).toBe(1);
    if (name !== 'memory') {
      expect(seen.valueOf('factstr_append_group_size_count', own)).toBeGreaterThanOrEqual(2);
    }
    const projection = { ...own, factstr_projection: 'items' };
    expect(seen.valueOf('factstr_projection_lag', projection)).toBe(0);
    expect(seen.valueOf('factstr_projection_lag_age', projection)).toBe(0);
    expect(seen.valueOf('factstr_projection_owned', projection)).toBe(1);
    expect(seen.valueOf('factstr_projection_state', { ...projection, factstr_state: 'live' })).toBe(
      1,
    );
    expect(
      seen.valueOf('factstr_projection_handle_duration_count', {
        ...projection,
        factstr_outcome: 'handled',
      }),
    ).toBeGreaterThanOrEqual(1);
    expect(seen.text).not.toContain(SECRET);
  });

  it('move within a second where a fact is parked', async () => {
    const scrape = new PrometheusExporter({ preventServerStart: true });
    const meterProvider = new MeterProvider({ readers: [scrape] });
    fixtures.later(() => meterProvider.shutdown());
    const app = await started(name, { spans: false, meterProvider }, Handlers);
    app.get(Handlers).failing = true;
    await app.get(FactstrStore).append([x(1)]);
    const projection = { factstr_store: 'default', factstr_projection: 'items' };
    // It is parked in some millisecond, and may be scraped in the same one.
    await until(
      async () =>
        ((await scraped(scrape)).valueOf('factstr_projection_parked_age', projection) ?? 0) > 0,
      () => 'the age of a parked fact in the metrics',
    );
    const seen = await scraped(scrape);
    expect(seen.valueOf('factstr_projection_parked', projection)).toBe(1);
    expect(
      seen.valueOf('factstr_projection_attempts_total', {
        ...projection,
        factstr_outcome: 'failed',
      }),
    ).toBe(2);
  });
});
