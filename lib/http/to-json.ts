import { StreamableFile } from '@nestjs/common';

/**
 * Returns the value with every bigint, at any depth, as decimal text, so that JSON can carry it. A value, not text;
 * the original is not changed. A part without bigints is returned as it is, class instances included.
 *
 * @publicApi
 */
export function toJson(value: unknown): unknown {
  return convert(value, '', new Set());
}

function convert(value: unknown, key: string, ancestors: Set<object>): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || isOpaque(value)) return value;
  // JSON.stringify refuses cycles.
  if (ancestors.has(value)) return value;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') {
    const json: unknown = toJSON.call(value, key);
    if (json !== value) {
      const converted = convert(json, key, ancestors);
      return converted === json ? value : converted;
    }
  }
  ancestors.add(value);
  const converted = Array.isArray(value)
    ? convertArray(value, ancestors)
    : convertObject(value, ancestors);
  ancestors.delete(value);
  return converted;
}

function convertArray(source: readonly unknown[], ancestors: Set<object>): readonly unknown[] {
  const converted = source.map((element, index) => convert(element, String(index), ancestors));
  return converted.some((element, index) => element !== source[index]) ? converted : source;
}

/** A copy has the same prototype and the members that JSON would carry. */
function convertObject(source: object, ancestors: Set<object>): object {
  let changed = false;
  const members: PropertyDescriptorMap = Object.create(null) as PropertyDescriptorMap;
  for (const [key, member] of Object.entries(source)) {
    const value = convert(member, key, ancestors);
    if (value !== member) changed = true;
    members[key] = { value, enumerable: true, writable: true, configurable: true };
  }
  return changed
    ? (Object.create(Object.getPrototypeOf(source) as object | null, members) as object)
    : source;
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
