// Run from a folder of its own that has a second copy of the library beside it.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { FactstrModule } from 'nestjs-factstr';

process.once('message', () => void main());

async function main(): Promise<void> {
  const warnings: string[] = [];
  process.on('warning', ({ message }) => warnings.push(message));
  const copy = new URL('./copy/index.ts', import.meta.url).href;
  const { FactstrStore } = (await import(copy)) as typeof import('nestjs-factstr');
  const consumer = { provide: 'consumer', inject: [FactstrStore], useFactory: () => 'found' };
  try {
    await NestFactory.createApplicationContext(
      { module: class Application {}, imports: [FactstrModule.forRoot()], providers: [consumer] },
      { logger: false, abortOnError: false },
    );
  } catch (error) {
    // Node tells its warnings after what is ready to run.
    await nextTurn();
    process.send!({ error: (error as Error).message, warnings });
  }
  process.disconnect();
}
