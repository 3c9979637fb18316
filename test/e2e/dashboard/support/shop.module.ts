import { Injectable } from '@nestjs/common';
import { DurableProjection, decisionModel, fact, model } from 'nestjs-factstr';
import type { EventRecord, NewFact } from 'nestjs-factstr';

/** What an order’s facts tell. */
interface OrderPayload {
  readonly order_id: string;
  readonly total?: number;
}

const ORDERS = ['order-placed', 'order-paid', 'order-shipped'];

/** An order of so much money; the projection of invoices cannot take a negative one. */
export function placed(order_id: string, total = 10): NewFact {
  return fact('order-placed', { order_id, total }) as NewFact;
}

/** What the page can step through. */
export const order = decisionModel('order', (order_id: string) =>
  model<{ status: string }>({ status: 'none' })
    .on('order-placed', { order_id }, () => ({ status: 'placed' }))
    .on('order-paid', { order_id }, () => ({ status: 'paid' })),
);

/** Whether the projection of invoices has the mistake that parks facts. */
export class Code {
  isFixed = false;
}

/** A read model that never fails. */
@Injectable()
export class OrderList {
  readonly orders: string[] = [];

  @DurableProjection({ name: 'order-list', query: { filters: [{ event_types: ORDERS }] } })
  project(facts: EventRecord[]): void {
    for (const { payload } of facts) this.orders.push((payload as OrderPayload).order_id);
  }
}

/** A read model whose code cannot take every fact. */
@Injectable()
export class Invoices {
  readonly totals = new Map<bigint, number>();

  constructor(private readonly code: Code) {}

  @DurableProjection({
    name: 'invoices',
    query: { filters: [{ event_types: ['order-placed'] }] },
    onFailure: 'park',
    maxAttempts: 2,
  })
  project(facts: EventRecord[]): void {
    for (const { sequence_number, payload } of facts) {
      const { order_id, total = 0 } = payload as OrderPayload;
      if (total < 0 && !this.code.isFixed) {
        throw new Error(`The order ${order_id} is a credit note, which has no invoice form`);
      }
      this.totals.set(sequence_number, total);
    }
  }
}
