// The library as it is built: `npm run build`. `FACTSTR_DIST` names another build, to compare two.
const BUILD = process.env.FACTSTR_DIST ?? '../../../dist/index.js';

export const {
  DurableProjection,
  FactstrMemoryStore,
  FactstrModule,
  FactstrPostgresStore,
  FactstrProjections,
  FactstrSqliteStore,
  FactstrStore,
  decisionModel,
  defineDecision,
  model,
} = await import(BUILD);

/** `undefined`: an older build has none. */
export const telemetryModule = await import(
  BUILD.replace(/index\.js$/, 'opentelemetry/index.js')
).then(
  ({ FactstrOpenTelemetryModule }) => FactstrOpenTelemetryModule,
  (error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  },
);
