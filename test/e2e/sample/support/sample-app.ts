import type { INestApplicationContext } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import supertest from 'supertest';
import { AppModule } from '../../../../sample/app.module.js';
import { configureApp } from '../../../../sample/configure-app.js';
import { Settings } from '../../../../sample/settings.js';

export interface SampleApp {
  readonly nest: INestApplicationContext;
  readonly http: ReturnType<typeof supertest>;
  close(): Promise<void>;
}

/** The sample in this process, on a server that listens nowhere. */
export async function createSampleApp(settings: Settings): Promise<SampleApp> {
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Settings)
    .useValue(settings)
    .compile();
  const app = module.createNestApplication<NestExpressApplication>({
    logger: ['error'],
    forceCloseConnections: true,
  });
  configureApp(app);
  await app.init();
  return { nest: app, http: supertest(app.getHttpServer()), close: () => app.close() };
}
