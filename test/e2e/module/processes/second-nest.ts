// Run from a folder of its own whose `@nestjs/core` is another copy than the library's.
import { NestFactory } from '@nestjs/core';
import { FactstrModule } from 'nestjs-factstr';

process.once('message', () => {
  void NestFactory.createApplicationContext(
    { module: class Application {}, imports: [FactstrModule.forRoot()] },
    { logger: false, abortOnError: false },
  )
    .then(() => process.send!('started'))
    .catch((error: Error) => process.send!(error.message))
    .finally(() => process.disconnect());
});
