// An application with a relay to NATS, as its first message describes it. It runs until it is ended.
import { NestFactory } from '@nestjs/core';
import { FactstrModule } from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { FactstrRelayModule, natsTarget } from 'nestjs-factstr/relay';
import { next, send } from '../../support/child-task.js';

export interface RelayerTask {
  readonly store: FactstrOptions;
  readonly servers: readonly string[];
  readonly stream: string;
}

const { store, servers, stream } = await next<RelayerTask>();
await NestFactory.createApplicationContext(
  {
    module: class Application {},
    imports: [
      FactstrModule.forRoot(store),
      FactstrRelayModule.forRoot({
        name: 'to-nats',
        target: natsTarget({ servers, stream, subject: `${stream}.facts`, ackTimeout: 1_000 }),
      }),
    ],
  },
  { logger: false },
);
send('ready');
