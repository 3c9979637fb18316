// An application that follows a relayed stream, as its first message describes it: it tells of each fact that it
// handles, and may stay in a call for ever.
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { appendFileSync } from 'node:fs';
import { DurableProjection } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { FactstrFollowerModule } from 'nestjs-factstr/relay';
import { next, send } from '../../support/child-task.js';

export interface FollowerTask {
  readonly servers: readonly string[];
  readonly stream: string;
  /** The SQLite file of its cursors. */
  readonly cursors: string;
  /** The file of its effects: a line for each call. */
  readonly effects: string;
  /** The fact whose call does not end, after its effect. */
  readonly stuckAt: bigint | null;
}

const { servers, stream, cursors, effects, stuckAt } = await next<FollowerTask>();

@Injectable()
class Effects {
  @DurableProjection({ name: 'effects', query: {} })
  async write(facts: EventRecord[]): Promise<void> {
    const numbers = facts.map(({ sequence_number }) => sequence_number);
    appendFileSync(effects, `${numbers.join(' ')}\n`);
    if (stuckAt === null || !numbers.includes(stuckAt)) return;
    send('stuck');
    await new Promise(() => undefined);
  }
}

await NestFactory.createApplicationContext(
  {
    module: class Application {},
    imports: [FactstrFollowerModule.forRoot({ servers, stream, cursors: { sqlite: cursors } })],
    providers: [Effects],
  },
  { logger: false },
);
send('ready');
