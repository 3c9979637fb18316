import { StreamableFile } from '@nestjs/common';

/**
 * The same value with every bigint as decimal text, so that JSON can carry it: deep, and without touching the
 * original. A value, not text. What holds no bigint is returned as it is, class instances included.
 *
 * @publicApi
 */
export function toJson(value: unknown): unknown {
  return convert(value, new Set());
}

function convert(value: unknown, ancestors: Set<object>): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || isOpaque(value)) return value;
  // A cycle is JSON.stringify's to refuse.
  if (ancestors.has(value)) return value;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') {
    const json: unknown = toJSON.call(value, '');
    const converted = convert(json, ancestors);
    return converted === json ? value : converted;
  }
  ancestors.add(value);
  const converted = Array.isArray(value)
    ? convertArray(value, ancestors)
    : convertObject(value, ancestors);
  ancestors.delete(value);
  return converted;
}

function convertArray(source: readonly unknown[], ancestors: Set<object>): readonly unknown[] {
  const converted = source.map((element) => convert(element, ancestors));
  return converted.some((element, index) => element !== source[index]) ? converted : source;
}

function convertObject(source: object, ancestors: Set<object>): object {
  let copy: object | undefined;
  for (const [key, member] of Object.entries(source)) {
    const converted = convert(member, ancestors);
    if (converted === member) continue;
    copy ??= Object.assign(
      Object.create(Object.getPrototypeOf(source) as object | null),
      source,
    ) as object;
    Object.defineProperty(copy, key, {
      value: converted,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy ?? source;
}

/** Not data: files, buffers and streams on their way out. */
function isOpaque(value: object): boolean {
  return (
    value instanceof StreamableFile ||
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    typeof (value as { pipe?: unknown }).pipe === 'function'
  );
}
