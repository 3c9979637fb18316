import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { createNoopMeter, metrics, trace } from '@opentelemetry/api';
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { InvalidOptionsError } from '../contract/errors.js';
import { FactstrProjections } from '../module/factstr-projections.js';
import { OpenStores } from '../module/stores/stores.registry.js';
import { measure } from '../telemetry/telemetry.js';
import { OpenTelemetryMeters } from './otel.meters.js';
import { SCOPE, SpansObserver } from './spans.observer.js';

/**
 * Options of `FactstrOpenTelemetryModule`.
 *
 * @publicApi
 */
export interface FactstrOpenTelemetryOptions {
  /** Whether operations and handlers have spans, and appends keep their `traceparent`. Default true. */
  spans?: boolean | undefined;
  /** Whether metrics are recorded. Default true. */
  metrics?: boolean | undefined;
  /** Default: the global one, which an SDK registers. */
  tracerProvider?: TracerProvider | undefined;
  /** Default: the global one, which an SDK registers. */
  meterProvider?: MeterProvider | undefined;
}

const OPTIONS = Symbol('FactstrOpenTelemetryOptions');

/**
 * Spans and metrics of every store, projection and live handler of the application, by `@opentelemetry/api`. Import it
 * once beside `FactstrModule`; the SDK is the application's.
 *
 * @publicApi
 */
@Module({})
export class FactstrOpenTelemetryModule implements OnModuleInit, OnModuleDestroy {
  readonly #options: FactstrOpenTelemetryOptions;
  readonly #stores: OpenStores;
  readonly #projections: FactstrProjections;
  #end: (() => void) | undefined;

  constructor(
    @Inject(OPTIONS) options: FactstrOpenTelemetryOptions,
    stores: OpenStores,
    projections: FactstrProjections,
  ) {
    this.#options = options;
    this.#stores = stores;
    this.#projections = projections;
  }

  /** @throws InvalidOptionsError */
  static forRoot(options: FactstrOpenTelemetryOptions = {}): DynamicModule {
    const known = ['spans', 'metrics', 'tracerProvider', 'meterProvider'];
    const unknown = Object.keys(options).find((option) => !known.includes(option));
    if (unknown !== undefined) {
      throw new InvalidOptionsError(
        `FactstrOpenTelemetryModule has no option ${JSON.stringify(unknown.slice(0, 60))}; it has ${known.join(', ')}.`,
      );
    }
    return {
      module: FactstrOpenTelemetryModule,
      providers: [{ provide: OPTIONS, useValue: options }],
    };
  }

  /** Before any handler runs. */
  onModuleInit(): void {
    const { spans = true, metrics: measures = true } = this.#options;
    const { tracerProvider = trace.getTracerProvider(), meterProvider = metrics } = this.#options;
    if (spans) this.#stores.observe(new SpansObserver(tracerProvider));
    const meter = meterProvider.getMeter(SCOPE);
    // Without an SDK nothing is measured: unlike spans, the API's own meters never come to one.
    if (measures && meter !== createNoopMeter()) {
      const meters = new OpenTelemetryMeters(meter);
      this.#end = measure(meters, this.#stores, this.#projections);
    }
  }

  onModuleDestroy(): void {
    this.#end?.();
  }
}
