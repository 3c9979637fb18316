/**
 * What is known of the values that a schema lets through: whether they leave it as they entered it, and of which parts
 * they are made. Parts are looked at when they are asked for: schemas may be recursive.
 */
export type Shape =
  /** A string, number, boolean or null, unchanged; one of `only` where that is known. */
  | { readonly kind: 'scalar'; readonly only?: readonly unknown[] | undefined }
  /** Anything, unchanged. */
  | { readonly kind: 'any' }
  /** An object; `undefined` for a member that it does not have, or loses. */
  | { readonly kind: 'object'; member(key: string): Shape | undefined }
  | { readonly kind: 'array'; elements(): readonly Shape[] }
  /** One of several; or several merged into one; or one after another. */
  | { readonly kind: 'either' | 'merged' | 'chain'; options(): readonly Shape[] }
  | Changed;

/** A value that may leave the schema as another one. */
export interface Changed {
  readonly kind: 'changed';
  /** What changes it, for messages: "a default". */
  readonly by: string;
  /** Whether it is made up where the stored value is absent or does not fit. */
  readonly supplied: boolean;
  /** What stands before the change, where that is known. */
  before?(): Shape;
}

export const SCALAR: Shape = { kind: 'scalar' };
export const ANY: Shape = { kind: 'any' };

/** A value that is made up where it is absent. */
export function supplied(by: string): Changed {
  return { kind: 'changed', by, supplied: true };
}

export function changed(by: string, before?: () => Shape): Changed {
  return { kind: 'changed', by, supplied: false, ...(before === undefined ? {} : { before }) };
}

/** An object of named members; others are as `rest` says, or lost. */
export function objectOf(
  members: object,
  read: (member: unknown) => Shape,
  rest: () => Shape | undefined = () => undefined,
): Shape {
  return {
    kind: 'object',
    member(key) {
      if (DROPPED.has(key)) return changed(`a library that drops members called ${key}`);
      return Object.hasOwn(members, key) ? read((members as Record<string, unknown>)[key]) : rest();
    },
  };
}

/** Names that libraries drop, to keep prototypes as they are. */
const DROPPED = new Set(['__proto__', 'constructor', 'prototype']);

export function arrayOf(read: (element: unknown) => Shape, elements: readonly unknown[]): Shape {
  return { kind: 'array', elements: () => elements.map(read) };
}

export function severalOf(
  kind: 'either' | 'merged' | 'chain',
  read: (option: unknown) => Shape,
  options: readonly unknown[],
): Shape {
  return { kind, options: () => options.map(read) };
}

/** A record's values; its keys are those of the stored object where `keys` leaves them as they are. */
export function recordOf(keys: Shape, values: () => Shape): Shape {
  if (leavesKeys(keys)) return objectOf({}, values, values);
  return changed('a record whose keys may change');
}

function leavesKeys(shape: Shape): boolean {
  if ('options' in shape) return shape.options().every(leavesKeys);
  return shape.kind === 'scalar' || shape.kind === 'any';
}
