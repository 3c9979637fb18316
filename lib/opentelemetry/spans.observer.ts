import {
  ProxyTracerProvider,
  SpanKind,
  SpanStatusCode,
  context,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';
import type {
  Attributes,
  Link,
  Span,
  SpanContext,
  Tracer,
  TracerProvider,
} from '@opentelemetry/api';
import type { FactMetadata } from '../contract/contract.types.js';
import type {
  FactstrObserver,
  ObservedCall,
  ObservedOperation,
  OperationEnd,
} from '../service/observation/observer.js';
import { errorType } from '../telemetry/error-type.js';
import { SYSTEMS } from '../telemetry/systems.js';
import { parseTraceparent, traceparentOf } from './traceparent.js';

/** The name of the instrumentation scope. */
export const SCOPE = 'nestjs-factstr';
/** Links of one handler's span, at most: a call may be given the facts of many appends. */
const MAX_LINKS = 32;

/** Makes a span of each operation, and one in a trace of its own of each call of a handler. */
export class SpansObserver implements FactstrObserver {
  readonly #provider: TracerProvider;
  #found: Tracer | undefined;

  constructor(provider: TracerProvider) {
    this.#provider = provider;
  }

  /** The API's own provider makes spans once an SDK is registered, which may be later. */
  get active(): boolean {
    if (this.#found !== undefined) return true;
    const provider = this.#provider;
    return (
      !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(SCOPE) !== undefined
    );
  }

  get #tracer(): Tracer {
    return (this.#found ??= this.#provider.getTracer(SCOPE));
  }

  operation<T>(
    operation: ObservedOperation,
    run: () => Promise<T>,
    endOf: (result: T) => OperationEnd,
  ): Promise<T> {
    const { store, facts } = operation;
    const span = this.#tracer.startSpan(`${operation.operation} ${store}`, {
      // A decision holds what it reads and appends.
      kind: operation.operation === 'decide' ? SpanKind.INTERNAL : SpanKind.CLIENT,
      attributes: {
        'db.system.name': SYSTEMS[operation.provider],
        'db.operation.name': operation.operation,
        ...(facts > 1 && { 'db.operation.batch.size': facts }),
        'factstr.store': store,
      },
    });
    return ending(span, run, (result) => {
      const end = endOf(result);
      return {
        'factstr.outcome': end.outcome,
        'factstr.facts': end.facts,
        ...(operation.operation === 'decide' && { 'factstr.attempts': end.attempts }),
      };
    });
  }

  async handling<T>(call: ObservedCall, run: () => Promise<T>): Promise<T> {
    const { store, handler, projection, facts, attempt } = call;
    const span = this.#tracer.startSpan(`handle ${projection ?? handler}`, {
      kind: SpanKind.CONSUMER,
      root: true,
      attributes: {
        'factstr.store': store,
        'factstr.handler': handler,
        'factstr.facts': facts.length,
        'factstr.attempt': attempt,
        ...(projection !== undefined && { 'factstr.projection': projection }),
      },
    });
    // Metadata costs a read: only for a span that goes somewhere.
    if (span.isRecording() && canLink(span)) span.addLinks(await linksOf(call));
    return ending(span, run, (result) => (result === false ? FALSE : {}));
  }

  metadata(): FactMetadata | undefined {
    const current = trace.getActiveSpan()?.spanContext();
    if (current === undefined || !isSpanContextValid(current)) return undefined;
    return { traceparent: traceparentOf(current) };
  }
}

/** Spans of an SDK that is older than version 1.9 of the API take no links after their start. */
function canLink(span: Partial<Span>): boolean {
  return typeof span.addLinks === 'function';
}

const FALSE: Attributes = { 'error.type': 'false' };

async function ending<T>(
  span: Span,
  run: () => Promise<T>,
  attributesOf: (result: T) => Attributes,
): Promise<T> {
  try {
    const result = await context.with(trace.setSpan(context.active(), span), run);
    const attributes = attributesOf(result);
    span.setAttributes(attributes);
    // Without the message: it may hold what a payload holds.
    if ('error.type' in attributes) span.setStatus({ code: SpanStatusCode.ERROR });
    return result;
  } catch (error) {
    span.setAttribute('error.type', errorType(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** The spans that the facts were appended in. A read that fails costs the links, not the call. */
async function linksOf(call: ObservedCall): Promise<Link[]> {
  const found = new Map<string, SpanContext>();
  try {
    for (const fact of call.facts) {
      const { traceparent } = (await call.metadataOf(fact)) ?? {};
      const parsed = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
      if (parsed !== undefined) found.set(traceparent as string, parsed);
      if (found.size === MAX_LINKS) break;
    }
  } catch {
    // The handler is called without them.
  }
  return [...found.values()].map((linked) => ({ context: linked }));
}
