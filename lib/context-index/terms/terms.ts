import { hashNumber, hashText, mix } from './hashing.js';

/** Leaves of a fact that are indexed one by one. A fact with more is a candidate for every predicate on its type. */
export const MAX_LEAVES = 1_024;
/** Deeper than what this package writes; what lies below counts as too many leaves. */
const MAX_DEPTH = 200;

const ROOT = 0x2545f491;
const ELEMENT = 0x6a09e667;
const KEY = 0x3c6ef372;
const TYPE = 0x1b873593;
const TEXT = 0x510e527f;
const NUMBER = 0x1f83d9ab;
const TRUE = 0x27d4eb2f;
const FALSE = 0x165667b1;
const NULL = 0x5be0cd19;
const OVERFLOW = 0x71374491;
const ANY_PAYLOAD = 0x428a2f98;

export function hashType(type: string): number {
  return hashText(TYPE, type);
}

/** What is looked up: a leaf of the payload of a fact of this type. */
export function leafTerm(type: number, leaf: number): number {
  return mix(type, leaf);
}

/** The one term of a fact of this type that has too many leaves. */
export function overflowTerm(type: number): number {
  return mix(type, OVERFLOW);
}

/** A term of every fact of this type, where no other index of types exists. */
export function typeTerm(type: number): number {
  return mix(type, ANY_PAYLOAD);
}

/**
 * Collects a JSON value's leaves: the hash of each scalar and its path. Array positions do not count, as they do
 * not in containment: a payload that contains a predicate has every leaf of it. Nothing else is implied, so each
 * candidate is verified.
 */
export class LeafReader {
  /** The first `count` are the value's. Equal ones occur once; different ones may have one hash. */
  readonly leaves = new Uint32Array(MAX_LEAVES);
  count = 0;
  #arrays = false;

  /** Whether `leaves` are all there are; not for what is no JSON value. */
  read(value: unknown): boolean {
    this.count = 0;
    this.#arrays = false;
    const complete = this.#read(value, ROOT, 0);
    if (this.#arrays) this.#removeRepeated();
    return complete;
  }

  #read(value: unknown, path: number, depth: number): boolean {
    switch (typeof value) {
      case 'string':
        return this.#add(path, hashText(TEXT, value));
      case 'number':
        return this.#add(path, hashNumber(NUMBER, value));
      case 'boolean':
        return this.#add(path, value ? TRUE : FALSE);
      default:
        if (value === null) return this.#add(path, NULL);
        if (typeof value !== 'object' || depth === MAX_DEPTH) return false;
        return this.#readMembers(value, path, depth + 1);
    }
  }

  #readMembers(container: object, path: number, depth: number): boolean {
    if (Array.isArray(container)) {
      this.#arrays = true;
      const element = mix(path, ELEMENT);
      for (let index = 0; index < container.length; index++) {
        if (!this.#read(container[index], element, depth)) return false;
      }
      return true;
    }
    const keys = Object.keys(container);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      const member = (container as Record<string, unknown>)[key];
      if (!this.#read(member, mix(path, hashText(KEY, key)), depth)) return false;
    }
    return true;
  }

  #add(path: number, scalar: number): boolean {
    if (this.count === MAX_LEAVES) return false;
    this.leaves[this.count++] = mix(path, scalar);
    return true;
  }

  #removeRepeated(): void {
    const sorted = this.leaves.subarray(0, this.count).sort();
    let kept = 0;
    for (let index = 0; index < sorted.length; index++) {
      if (index === 0 || sorted[index] !== sorted[kept - 1]) sorted[kept++] = sorted[index]!;
    }
    this.count = kept;
  }
}

/** The terms under which a fact is found. */
export class FactTerms {
  /** The first `count` are the fact's. */
  readonly terms = new Uint32Array(MAX_LEAVES);
  count = 0;
  /** Whether its only term is that of its type's overflow. */
  overflows = false;
  readonly #reader = new LeafReader();

  /** A payload that could not be read is `undefined`: the fact is a candidate for every predicate. */
  read(type: number, payload: unknown): void {
    this.overflows = !this.#reader.read(payload);
    if (this.overflows) {
      this.terms[0] = overflowTerm(type);
      this.count = 1;
      return;
    }
    const { leaves, count } = this.#reader;
    for (let index = 0; index < count; index++) {
      this.terms[index] = leafTerm(type, leaves[index]!);
    }
    this.count = count;
  }
}
