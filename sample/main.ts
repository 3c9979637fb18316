import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { configureApp } from './configure-app.js';
import { Settings } from './settings.js';

const logger = new Logger('Sample');

async function main(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    // Browsers hold event streams open; without this Ctrl-C would wait for them.
    forceCloseConnections: true,
  });
  app.enableShutdownHooks();
  configureApp(app);
  const { host, port, databaseUrl, dataDir, natsUrls, view } = app.get(Settings, { strict: false });
  try {
    await app.listen(port, host);
  } catch (error) {
    await app.close();
    throw inUse(error) ? new Error(`Port ${port} is in use. Set PORT to another one.`) : error;
  }
  const address = app.getHttpServer().address() as { port: number };
  logger.log(databaseUrl === undefined ? `Data in ${dataDir}` : 'Data in Postgres');
  if (natsUrls.length > 0) logger.log(`Facts on NATS, read from a copy: ${view}`);
  logger.log(
    `Open http://localhost:${address.port} (the API: http://localhost:${address.port}/api)`,
  );
}

function inUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
}

main().catch((error: unknown) => {
  logger.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
