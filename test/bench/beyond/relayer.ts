// An application whose relay sends a log to a target, as its first message describes it. It tells when everything is there.
import { NestFactory } from '@nestjs/core';
import { FactstrModule, FactstrProjections } from 'nestjs-factstr';
import { FactstrRelayModule, kafkaTarget, natsTarget, rabbitmqTarget } from 'nestjs-factstr/relay';
import type {
  KafkaTargetOptions,
  NatsTargetOptions,
  RabbitMqTargetOptions,
  RelayTargetFactory,
} from 'nestjs-factstr/relay';
import { done, next, send } from '../../support/child-task.js';

/** Where a relay sends to. */
export type RelayPlace =
  | { readonly kind: 'nats'; readonly options: NatsTargetOptions }
  | { readonly kind: 'kafka'; readonly options: KafkaTargetOptions }
  | { readonly kind: 'rabbitmq'; readonly options: RabbitMqTargetOptions };

export interface RelayerTask {
  /** The SQLite file of the log, and its newest number. */
  readonly path: string;
  readonly head: bigint;
  readonly place: RelayPlace;
}

const { path, head, place } = await next<RelayerTask>();
const began = performance.now();
const application = await NestFactory.createApplicationContext(
  {
    module: class Application {},
    imports: [
      FactstrModule.forRoot({ provider: 'sqlite', path }),
      FactstrRelayModule.forRoot({ name: 'measured', target: targetOf(place) }),
    ],
  },
  { logger: ['error', 'warn'] },
);
await application.get(FactstrProjections).waitFor('measured', head, { timeout: 600_000 });
send(performance.now() - began);
await application.close();
done();

function targetOf(where: RelayPlace): RelayTargetFactory {
  if (where.kind === 'nats') return natsTarget(where.options);
  if (where.kind === 'kafka') return kafkaTarget(where.options);
  return rabbitmqTarget(where.options);
}
