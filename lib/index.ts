// The contract and the stores
export * from './stores/index.js';

// The module
export { FactstrModule } from './module/factstr.module.js';
export type * from './module/factstr.options.js';
export { FactstrStore } from './module/factstr-store.js';
export type { ReadOptions } from './module/factstr-store.js';
export type { DecideOptions } from './module/decide.js';
export type { AppendRetryOptions } from './module/append-retry.js';
export { InjectFactstrStore, getFactstrStoreToken } from './module/factstr.tokens.js';

// Handlers
export { OnFacts } from './module/on-facts.decorator.js';
export type { OnFactsOptions } from './module/on-facts.decorator.js';
export { ApplyFact } from './module/apply-fact.decorator.js';
export { DurableProjection } from './module/durable-projection.decorator.js';
export type { DurableProjectionOptions } from './module/durable-projection.options.js';
export type {
  AroundHandlers,
  HandlerCall,
  LiveHandlerCall,
  ProjectionHandlerCall,
} from './module/handler-call.js';
export type {
  ApplyFactDecorator,
  FactHandlerDecorator,
  LiveContext,
  ProjectionClassDecorator,
  ProjectionContext,
} from './module/handler-types.js';
export { FactstrProjections } from './module/factstr-projections.js';
export type { ProjectionSelector, VerbOptions } from './module/factstr-projections.js';
export type { LiveHandlerStatus } from './module/live-handler.js';
export type { ProjectionState, ProjectionStatus } from './projections/projection-status.js';

// Typed facts
export * from './module/fact-map.js';
export { FactFilter, factQuery, facts } from './module/fact-query.js';
export type { PayloadPart } from './module/fact-query.js';

// Sequence numbers on the way out and in
export { FactstrJsonInterceptor } from './module/factstr-json.interceptor.js';
export { ParseSequencePipe } from './module/parse-sequence.pipe.js';
export type { ParseSequencePipeOptions } from './module/parse-sequence.pipe.js';
export { toJson } from './module/to-json.js';
