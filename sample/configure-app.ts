import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { EnrolmentModule } from './enrolment/enrolment.module.js';

/** Everything that is not a provider: the page and the API's description. */
export function configureApp(app: NestExpressApplication): void {
  app.disable('x-powered-by');
  app.useStaticAssets(join(import.meta.dirname, 'public'));
  const description = new DocumentBuilder()
    .setTitle('Course enrolment')
    .setDescription(
      'The sample application of nestjs-factstr. Commands answer the sequence number of their fact; ' +
        'sequence numbers are decimal strings.',
    )
    .setVersion('1.0')
    .build();
  SwaggerModule.setup('api', app, () =>
    SwaggerModule.createDocument(app, description, { include: [EnrolmentModule] }),
  );
}
