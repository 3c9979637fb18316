import { isSpanContextValid } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';

const VERSION_00 = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** A span as the W3C's Trace Context writes it. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** `undefined` for what is no traceparent. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = VERSION_00.exec(text) ?? [];
  if (traceId === undefined || text.startsWith('ff')) return undefined;
  const parsed = {
    traceId,
    spanId: spanId!,
    traceFlags: Number.parseInt(flags!, 16),
    isRemote: true,
  };
  return isSpanContextValid(parsed) ? parsed : undefined;
}
