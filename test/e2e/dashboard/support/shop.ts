import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { FactstrDashboardModule } from 'nestjs-factstr/dashboard';
import type { FactstrDashboardOptions } from 'nestjs-factstr/dashboard';
import { until } from '../../../support/waiting/until.js';
import { Code, Invoices, OrderList, order } from './shop.module.js';

/** Admits a request unless it says who it is, and is not the operator. */
@Injectable()
export class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>();
    return headers['x-user'] === undefined || headers['x-user'] === 'operator';
  }
}

export type Adapter = 'express' | 'fastify';

export interface ShopOptions {
  readonly adapter?: Adapter;
  readonly store?: FactstrOptions;
  readonly dashboard?: FactstrDashboardOptions;
  readonly prefix?: string;
  /** What else the application does to its requests. */
  readonly configure?: (app: INestApplication) => unknown;
  /** Whether the projection of invoices can take every fact. */
  readonly isFixed?: boolean;
}

/** An application with the dashboard, listening on a port of its own. */
export class Shop {
  readonly #app: INestApplication;
  readonly url: string;
  readonly store: FactstrStore;
  readonly projections: FactstrProjections;
  readonly code: Code;
  readonly orders: OrderList;
  readonly invoices: Invoices;

  private constructor(app: INestApplication, url: string) {
    this.#app = app;
    this.url = url;
    this.store = app.get(FactstrStore);
    this.projections = app.get(FactstrProjections);
    this.code = app.get(Code);
    this.orders = app.get(OrderList);
    this.invoices = app.get(Invoices);
  }

  static async start(options: ShopOptions = {}): Promise<Shop> {
    const { adapter = 'express', store = { provider: 'memory' }, prefix } = options;
    const module = await Test.createTestingModule({
      imports: [
        FactstrModule.forRoot(store),
        FactstrDashboardModule.forRoot({
          guards: [OperatorGuard],
          payloads: 'shown',
          actions: true,
          by: ({ headers }: { headers: Record<string, string | undefined> }) =>
            headers['x-user'] ?? 'operator',
          models: [order],
          ...options.dashboard,
        }),
      ],
      providers: [Code, OrderList, Invoices],
    }).compile();
    const app = module.createNestApplication(
      adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
      { logger: false },
    );
    if (prefix !== undefined) app.setGlobalPrefix(prefix);
    options.configure?.(app);
    app.get(Code).isFixed = options.isFixed ?? false;
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    return new Shop(app, `http://127.0.0.1:${port}`);
  }

  /** Resolves when the projection has nothing left to do but what is parked, as many as `parked`. */
  async settled(parked: number): Promise<void> {
    await until(
      async () => {
        const status = await this.projections.status('invoices');
        return status.lag === 0n && status.parked === parked;
      },
      () => `invoices to be at the head with ${parked} facts parked`,
    );
  }

  close(): Promise<void> {
    return this.#app.close();
  }
}
