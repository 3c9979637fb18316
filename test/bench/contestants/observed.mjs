import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { serviceSession } from './fact-store.mjs';
import { FactstrModule, FactstrStore, telemetryModule } from './library.mjs';

/** Whether this build has telemetry at all. */
export const hasTelemetry = telemetryModule !== undefined;

/** Each gives the modules that an application has beside the store. */
export const OBSERVED = {
  'no telemetry': () => [],
  'telemetry, no SDK': () => [telemetryModule.forRoot()],
  // Its spans are made and dropped: what exporting costs is the exporter’s.
  'telemetry, spans of an SDK': () => [
    telemetryModule.forRoot({ tracerProvider: new NodeTracerProvider() }),
  ],
};

/** An application on a store that stays open: a session of its service, and what closes the application. */
export async function applicationOn(store, modules) {
  class Application {}
  const imports = [FactstrModule.forRoot({ provider: 'custom', store }), ...modules];
  Module({ imports })(Application);
  const application = await NestFactory.createApplicationContext(Application, { logger: false });
  return {
    session: serviceSession(application.get(FactstrStore)),
    close: () => application.close(),
  };
}
