import { ANY, SCALAR, arrayOf, changed, severalOf, supplied } from './shape.js';
import type { Shape } from './shape.js';

/** A node of `type.json`, ArkType's own description of a type. */
type Node = string | readonly Node[] | Inner;

interface Inner {
  readonly [key: string]: unknown;
  readonly branches?: readonly Node[];
  readonly in?: Node;
  readonly morphs?: unknown;
  readonly domain?: unknown;
  readonly proto?: unknown;
  readonly sequence?: Node;
  readonly required?: readonly Property[];
  readonly optional?: readonly Property[];
  readonly index?: readonly { readonly signature: Node; readonly value: Node }[];
  readonly undeclared?: string;
}

interface Property {
  readonly key: string;
  readonly value: Node;
  readonly default?: unknown;
}

/** A sequence that is not of one kind of element. */
interface Tuple {
  readonly prefix?: readonly Node[];
  readonly optionals?: readonly Node[];
  readonly defaultables?: readonly unknown[];
  readonly variadic?: Node;
  readonly postfix?: readonly Node[];
}

const TUPLE_PARTS = ['prefix', 'optionals', 'defaultables', 'variadic', 'postfix'];

/** Members of a node that only constrain a value, or describe it. */
const CONSTRAINTS = new Set(
  (
    'domain proto predicate pattern divisor min max minLength maxLength exactLength before after meta ' +
    'required optional index sequence undeclared ordered'
  ).split(' '),
);

export function isArktype(schema: unknown): boolean {
  const { json } = schema as { json?: unknown };
  return typeof json === 'string' || (typeof json === 'object' && json !== null);
}

export function arktypeShape(schema: unknown): Shape {
  return nodeShape((schema as { json: Node }).json);
}

function nodeShape(given: unknown): Shape {
  const node = given as Node;
  if (typeof node === 'string') return namedShape(node);
  if (isList(node)) return severalOf('either', nodeShape, node);
  if (node.morphs !== undefined || node.in !== undefined) {
    return changed('a morph', () => (node.in === undefined ? ANY : nodeShape(node.in)));
  }
  if (node.branches !== undefined) return severalOf('either', nodeShape, node.branches);
  if ('unit' in node) return { kind: 'scalar', only: [node['unit']] };
  const unknown = Object.keys(node).find((key) => !CONSTRAINTS.has(key));
  if (unknown !== undefined) return changed(`a type with ${unknown}`);
  if (node.sequence !== undefined) return sequenceShape(node.sequence);
  const domain = nameOf(node.domain, 'domain');
  if (node.required !== undefined || node.optional !== undefined || node.index !== undefined) {
    return structureShape(node);
  }
  if (domain === 'object') return node.undeclared === undefined ? ANY : structureShape(node);
  return domain === undefined && node.proto === undefined ? ANY : SCALAR;
}

/** A domain or prototype; other names are references. */
function namedShape(name: string): Shape {
  if (name.startsWith('$')) return changed('a type that refers to itself or to another one');
  return name === 'object' || name === 'unknown' ? ANY : SCALAR;
}

function structureShape({ required = [], optional = [], index = [], undeclared }: Inner): Shape {
  const others = index.map(({ value }) => value);
  const members: Shape = {
    kind: 'object',
    member(key) {
      const property = [...required, ...optional].find((one) => one.key === key);
      if (property !== undefined && 'default' in property) return supplied('a default');
      const values = [...(property === undefined ? [] : [property.value]), ...others];
      const kept = property === undefined && undeclared === undefined;
      if (!kept) return values.length === 0 ? undefined : severalOf('merged', nodeShape, values);
      return { kind: 'either', options: () => [...values.map(nodeShape), ANY] };
    },
  };
  // Without required members an array fits as well.
  return required.length > 0 ? members : { kind: 'either', options: () => [members, ANY_ARRAY] };
}

const ANY_ARRAY: Shape = { kind: 'array', elements: () => [ANY] };

function sequenceShape(sequence: Node): Shape {
  const isTuple = typeof sequence === 'object' && TUPLE_PARTS.some((part) => part in sequence);
  if (!isTuple) return arrayOf(nodeShape, [sequence]);
  const { prefix = [], optionals = [], defaultables, variadic, postfix = [] } = sequence as Tuple;
  if (defaultables !== undefined) return supplied('a default');
  const rest = variadic === undefined ? [] : [variadic];
  return arrayOf(nodeShape, [...prefix, ...optionals, ...rest, ...postfix]);
}

/** A name may stand in an object of its own, beside what describes it. */
function nameOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[key]
    : value;
}

function isList(node: Node): node is readonly Node[] {
  return Array.isArray(node);
}
