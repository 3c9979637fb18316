import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { register } from 'prom-client';
import type { Registry } from 'prom-client';
import { FactstrProjections } from '../module/factstr-projections.js';
import { OpenStores } from '../module/stores/stores.registry.js';
import { measure } from '../telemetry/telemetry.js';
import { PrometheusMeters } from './prom.meters.js';

/**
 * Options of `FactstrPrometheusModule`.
 *
 * @publicApi
 */
export interface FactstrPrometheusOptions {
  /** Where the metrics go. Default: prom-client's global registry. */
  registry?: Registry | undefined;
}

const OPTIONS = Symbol('FactstrPrometheusOptions');

/**
 * The metrics of every store and projection of the application in a registry of prom-client, for teams without
 * OpenTelemetry. Import it once beside `FactstrModule`; how the registry is scraped is the application's.
 *
 * @publicApi
 */
@Module({})
export class FactstrPrometheusModule implements OnModuleInit, OnModuleDestroy {
  readonly #registry: Registry;
  readonly #stores: OpenStores;
  readonly #projections: FactstrProjections;
  #end: (() => void) | undefined;

  constructor(
    @Inject(OPTIONS) { registry = register }: FactstrPrometheusOptions,
    stores: OpenStores,
    projections: FactstrProjections,
  ) {
    this.#registry = registry;
    this.#stores = stores;
    this.#projections = projections;
  }

  static forRoot(options: FactstrPrometheusOptions = {}): DynamicModule {
    return {
      module: FactstrPrometheusModule,
      providers: [{ provide: OPTIONS, useValue: options }],
    };
  }

  /** Before any handler runs. */
  onModuleInit(): void {
    this.#end = measure(new PrometheusMeters(this.#registry), this.#stores, this.#projections);
  }

  onModuleDestroy(): void {
    this.#end?.();
  }
}
