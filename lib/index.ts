// The contract and the stores
export * from './stores/index.js';
export * from './nats/index.js';

// The module
export { FactstrModule } from './module/factstr.module.js';
export type * from './module/factstr.options.js';
export { FactstrStore } from './service/factstr-store.js';
export type {
  QueryOptions,
  ReadOptions,
  ResultWithMetadata,
  WithMetadata,
} from './service/reading/query-options.js';
export type { ServiceOptions } from './service/factstr-store.js';
export type { ModelState, StateOptions } from './service/decide/state.js';
export type { DecideOptions } from './service/decide/decide-options.js';
export type { AppendRetryOptions } from './service/append-retry.js';
export type {
  AppendMetadataOptions,
  FactAppendOptions,
} from './service/metadata/append-metadata.js';
export type {
  FactTrace,
  TraceOptions,
  TracedEffect,
  TracedFact,
} from './service/metadata/trace.js';
export { InjectFactstrStore, getFactstrStoreToken } from './module/factstr.tokens.js';

// Handlers
export { OnFacts } from './module/handlers/on-facts.decorator.js';
export type { OnFactsOptions } from './module/handlers/on-facts.decorator.js';
export { ApplyFact } from './module/handlers/apply-fact.decorator.js';
export { DurableProjection } from './module/handlers/durable-projection.decorator.js';
export type { DurableProjectionOptions } from './module/handlers/durable-projection.options.js';
export type {
  AroundHandlers,
  HandlerCall,
  LiveHandlerCall,
  ProjectionHandlerCall,
} from './module/handlers/handler-call.js';
export type {
  ApplyFactDecorator,
  FactHandlerDecorator,
  LiveContext,
  ProjectionClassDecorator,
  ProjectionContext,
  ReactionAppendOptions,
  ReactionContext,
  ReactionDecideOptions,
} from './module/handlers/handler-types.js';
export { FactstrProjections } from './module/factstr-projections.js';
export type {
  DrainedOptions,
  WaitForOptions,
  ProjectionSelector,
  VerbOptions,
} from './module/projections/verb-options.js';
export type { LiveHandlerStatus } from './module/handlers/live-handler.js';
export type { ProjectionPolicy, ProjectionState, ProjectionStatus } from './projections/status.js';

// Typed facts
export { fact, foreignFact } from './facts/fact-map.js';
export type {
  FactInput,
  FactMap,
  FactPart,
  FactPayload,
  FactQueryResult,
  FactRecord,
  FactStored,
  FactType,
  ForeignFact,
  NewFact,
  PayloadPart,
  SchemaPayload,
} from './facts/fact-map.js';
export { FactFilter, factQuery, facts } from './facts/fact-query.js';
export type { FactQuery } from './facts/fact-query.js';

// Decisions
export { BoundModel, decisionModel } from './decisions/decision-model.js';
export type { DecisionModel } from './decisions/decision-model.js';
export { DecisionDefinition, decisionsOn, defineDecision } from './decisions/define-decision.js';
export type { DefineDecision } from './decisions/define-decision.js';
export type { DecisionModels, StatesOf } from './decisions/fold.js';
export { Model, model } from './decisions/model.js';
export type { Reducer } from './decisions/model.js';
export type {
  AppendedOf,
  Decided,
  DecisionContext,
  DecisionOutcome,
  FactsToAppend,
  ResultOf,
} from './decisions/outcome.js';
export type { RememberedStatesOptions } from './decisions/remembered-states.js';

// Facts with a schema: what defines them stands with the stores
export type { CheckOptions, FactsCheck, UnreadFacts } from './service/facts/check-facts.js';

// HTTP: sequence numbers out and in, errors out, idempotency keys in
export { FactstrExceptionFilter } from './http/factstr-exception.filter.js';
export type { FactstrAnswer } from './http/factstr-exception.filter.js';
export { IdempotencyKey } from './http/idempotency-key.decorator.js';
export type { IdempotencyKeyOptions } from './http/idempotency-key.decorator.js';
export { FactstrJsonInterceptor } from './http/factstr-json.interceptor.js';
export { ParseSequencePipe } from './http/parse-sequence.pipe.js';
export type { ParseSequencePipeOptions } from './http/parse-sequence.pipe.js';
export { toJson } from './http/to-json.js';
