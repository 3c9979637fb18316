// The library as it is built: `npm run build`. `FACTSTR_DIST` names another build, to compare two.
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
} = await import(process.env.FACTSTR_DIST ?? '../../../dist/index.js');
