// Appends one fact per message to the store that the first message names, in a process of its own.
import { FactstrModule, FactstrStore } from 'nestjs-factstr';
import type { FactstrOptions } from 'nestjs-factstr';
import { NestFactory } from '@nestjs/core';
import { done, next, send } from '../../../support/child-task.js';

const options = await next<FactstrOptions>();
const app = await NestFactory.createApplicationContext(
  { module: class Appender {}, imports: [FactstrModule.forRoot(options)] },
  { logger: false },
);
send('ready');
for (let type = await next<string>(); type !== 'end'; type = await next<string>()) {
  await app.get(FactstrStore).append([{ event_type: type, payload: { from: process.pid } }]);
  send('appended');
}
await app.close();
done();
