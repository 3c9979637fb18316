import { describe, expect, it } from '@jest/globals';
import { type } from 'arktype';
import { FactstrMemoryStore, FactstrStore, defineFacts, foreignFact } from 'nestjs-factstr';
import * as v from 'valibot';
import * as z from 'zod';
import { failureOf } from '../support/failure-of.js';

const A = z.object({ a: z.string() });
const up = (): { a: string } => ({ a: '' });
const standard = (validate: unknown, version: unknown = 1): object => ({
  '~standard': { version, vendor: 'own', validate },
});

describe('A definition of facts', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'takes a schema for each type'],
    ['a schema', A, 'takes a schema for each type'],
    ['no type', {}, 'has no type'],
    ['an empty name', { '': A }, 'The name of a type of facts is empty'],
    ['a long name', { ['x'.repeat(257)]: A }, 'is longer than 256 bytes'],
    ['a name that is not storable', { 'a\0': A }, 'U+0000'],
    ['no schema', { x: null }, 'The type "x" has no schema'],
    ['a JSON schema', { x: { type: 'object' } }, 'The type "x" has the unknown member "type"'],
    ['a definition without', { x: { from: {} } }, 'does not implement Standard Schema 1'],
    ['another version', { x: { schema: standard(() => ({ value: 1 }), 2) } }, 'Standard Schema 1'],
    [
      'a misspelt member',
      { x: { schema: A, form: {} } },
      'unknown member "form"; known are schema',
    ],
    [
      'a check',
      { x: { schema: A, checkAppend: true } },
      'checkAppend of the type "x" is no function',
    ],
    ['matchable', { x: { schema: A, matchable: 'a' } }, 'matchable of the type "x" lists paths'],
    ['matchable', { x: { schema: A, matchable: [''] } }, 'matchable of the type "x" lists paths'],
    ['from', { x: { schema: A, from: [] } }, 'from of the type "x" has a member for each'],
    ['no up', { x: { schema: A, from: { y: {} } } }, 'The former type "y" of "x" needs { up'],
    ['where', { x: { schema: A, from: { y: { up, where: {} } } } }, 'where is a function'],
    [
      'a misspelt member',
      { x: { schema: A, from: { y: { up, were: 1 } } } },
      'unknown member "were"',
    ],
    [
      'a former schema',
      { x: { schema: A, from: { y: { up, schema: {} } } } },
      'of the type "y" does not',
    ],
    [
      'a former type of its own',
      { x: { schema: A, from: { x: { up } } } },
      'The type "x" has a schema of its own and is a former type of "x"',
    ],
    [
      'a former type that is written',
      { x: { schema: A, from: { y: { up } } }, y: A },
      'The type "y" has a schema of its own',
    ],
    [
      'a former type of two',
      { x: { schema: A, from: { z: { up } } }, y: { schema: A, from: { z: { up } } } },
      'The type "z" is a former type of "x" and of "y"',
    ],
    [
      'an asynchronous schema',
      { x: v.objectAsync({}) },
      'The schema of the type "x" is asynchronous',
    ],
    [
      'one that answers with a promise',
      { x: standard(async () => ({ value: 1 })) },
      'is asynchronous',
    ],
    [
      'an asynchronous check of zod',
      { x: z.object({}).refine(async () => true) },
      'is asynchronous',
    ],
    [
      'an asynchronous former schema',
      { x: { schema: A, from: { y: { up, schema: v.objectAsync({}) } } } },
      'The schema of the type "y" is asynchronous',
    ],
  ])('is refused: %s', (_, definitions, message) => {
    const define = (): unknown => defineFacts(definitions as never);
    expect(define).toThrow(message);
    expect(define).toThrow(expect.objectContaining({ code: 'INVALID_SCHEMA' }));
  });

  it('may have schemas that throw, and rejections that nothing awaits are none', () => {
    defineFacts({
      x: z.unknown().transform((value) => (value as { a: { b: string } }).a.b),
      y: v.pipe(
        v.any(),
        v.transform((value: { a: { b: string } }) => value.a.b),
      ),
      z: type('unknown').pipe((value) => (value as { a: { b: string } }).a.b),
    });
  });

  it('stands in several sets, each type once', () => {
    const [one, two] = [
      defineFacts({ x: A }),
      defineFacts({ y: { schema: A, from: { z: { up } } } }),
    ];
    const store = new FactstrMemoryStore({ facts: [one, two] });
    store.append([one.fact('x', { a: '' }), two.fact('y', { a: '' })]);
    for (const [facts, message] of [
      [[one, one], 'The type "x" is defined twice'],
      [[one, defineFacts({ x: A })], 'The type "x" is defined twice'],
      [
        [two, defineFacts({ z: A })],
        'The type "z" has a schema of its own and is a former type of "y"',
      ],
      [
        [two, defineFacts({ w: { schema: A, from: { z: { up } } } })],
        '"z" is a former type of "y" and of "w"',
      ],
      [{ x: A }, 'takes what defineFacts returned'],
      [[one, A], 'takes what defineFacts returned'],
    ] as const) {
      expect(() => new FactstrMemoryStore({ facts: facts as never })).toThrow(message);
    }
    expect(() => FactstrStore.of(new FactstrMemoryStore({ facts: one }), { facts: two })).toThrow(
      'The store has facts of its own',
    );
    expect(
      new FactstrMemoryStore({ facts: [] }).append([{ event_type: 'any', payload: 1 }]),
    ).toBeDefined();
  });

  it('describes its types as JSON Schema, or names the one that it cannot describe', () => {
    const facts = defineFacts({ x: A, y: type({ a: "string = 'x'" }) });
    expect(facts.jsonSchemas().x).toMatchObject({ type: 'object', required: ['a'] });
    expect(facts.jsonSchemas({ of: 'output', target: 'openapi-3.0' }).y).toEqual({
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
    });
    expect(facts.types).toEqual(['x', 'y']);
    for (const [schemas, message] of [
      [{ x: v.object({}) }, 'type "x" does not describe itself as JSON Schema. Define it with one'],
      [
        { x: standard(() => ({ value: 1 })) as never },
        'type "x" does not describe itself as JSON Schema. Define it with a schema',
      ],
      [
        { x: A, y: z.object({ at: z.date() }) },
        'type "y" (input) cannot be described as JSON Schema',
      ],
    ] as const) {
      expect(() => defineFacts(schemas as never).jsonSchemas()).toThrow(message);
    }
  });
});

describe('An append of facts with a schema', () => {
  const facts = defineFacts({
    x: z.object({ a: z.string(), at: z.date().optional() }),
    y: { schema: A, from: { old: { up: (old) => old as { a: string } } } },
    late: z.unknown().refine((value) => (value === 1 ? Promise.resolve(true) : true)),
    broken: z.unknown().transform((value) => {
      if (value === 1) throw new RangeError('hunter2');
      return value;
    }),
  });
  const store = new FactstrMemoryStore({ facts });
  const refusal = (event_type: string, payload: unknown): Promise<Error | undefined> =>
    failureOf(() => store.append([{ event_type, payload }]));

  it('is refused with the type and the place, in words of our own', async () => {
    expect(await refusal('x', { a: 1, at: 'hunter2' })).toMatchObject({
      code: 'INVALID_FACT',
      event_type: 'x',
      paths: ['$.a', '$.at'],
      message:
        'Event 0 ("x") does not fit its schema: $.a is not as it says, and 1 more. Nothing was written.',
    });
    // It is stored as text, and would not be read again.
    expect(await refusal('x', { a: '', at: new Date() })).toMatchObject({ paths: ['$.at'] });
    expect(await refusal('old', {})).toMatchObject({
      code: 'UNREGISTERED_TYPE',
      message:
        'Event 0 is of the type "old", which is not written any more: append "y"; or, where older processes still read it, foreignFact. Nothing was written.',
    });
    expect(await refusal('z', {})).toMatchObject({ code: 'UNREGISTERED_TYPE', event_type: 'z' });
    // What is wrong is no client's.
    expect(await refusal('late', 1)).toMatchObject({
      code: 'INVALID_SCHEMA',
      message: expect.stringContaining('the schema is asynchronous'),
    });
    const broken = await refusal('broken', 1);
    expect(broken).toMatchObject({ code: 'INVALID_FACT', cause: new RangeError('hunter2') });
    expect(broken!.message).not.toContain('hunter2');
    expect(store.query({}).event_records).toEqual([]);
  });

  it('takes foreign facts of types that have no schema', async () => {
    store.append([foreignFact('z', { any: 'thing' })]);
    const wrap = async (event: never): Promise<unknown> => failureOf(() => store.append([event]));
    expect(await wrap(foreignFact('x', {}) as never)).toMatchObject({ code: 'INVALID_FACT' });
    // For processes that still read the former type; it has to be readable as the new one.
    expect(await wrap(foreignFact('old', {}) as never)).toMatchObject({
      code: 'INVALID_FACT',
      event_type: 'old',
      paths: ['$.a'],
    });
    store.append([foreignFact('old', { a: 'x' })]);
    expect(store.query({}).event_records).toMatchObject([
      { event_type: 'z', payload: { any: 'thing' } },
      { event_type: 'y', payload: { a: 'x' } },
    ]);
  });
});

describe('A query of facts with a schema', () => {
  const facts = defineFacts({
    trimmed: {
      schema: z.object({ id: z.string().trim(), deep: z.object({ no: z.coerce.number() }) }),
      matchable: ['id', 'deep.no'],
    },
    computed: {
      schema: z
        .object({ id: z.string(), size: z.number().default(1), note: z.string() })
        .transform((whole) => ({ ...whole, sum: whole.size })),
      matchable: ['id', 'size', 'hidden'],
    },
    now: { schema: A, from: { old: { up }, older: { up, where: () => undefined } } },
    odd: { schema: A, from: { odder: { up, where: () => [() => 1] } } },
    many: {
      schema: A,
      from: { one: { up, where: () => Array.from({ length: 600 }, () => ({})) } },
    },
  });
  const store = new FactstrMemoryStore({ facts });
  const asked = (
    types: string[] | null,
    ...payload_predicates: unknown[]
  ): Promise<Error | undefined> =>
    failureOf(() =>
      store.query({
        filters: [
          {
            event_types: types,
            payload_predicates: payload_predicates.length === 0 ? null : payload_predicates,
          },
        ],
      }),
    );

  it.each<[string, string[] | null, unknown, string | undefined]>([
    ['a member that is said to be matchable', ['trimmed'], { id: 'a' }, undefined],
    ['one within', ['trimmed'], { deep: { no: 1 } }, undefined],
    ['one above', ['trimmed'], { deep: {} }, undefined],
    ['one of a transformed whole', ['computed'], { id: 'a' }, undefined],
    [
      'one that is not said to be',
      ['computed'],
      { id: 'a', note: 'b' },
      'a transformation may change it',
    ],
    [
      'one that a default supplies nevertheless',
      ['computed'],
      { size: 1 },
      '$.size of "computed", which a default may supply',
    ],
    ['one that is stored and not read', ['computed'], { hidden: 1 }, undefined],
    [
      'a member that is not there',
      ['now'],
      { b: 1 },
      '$.b, which the schema of "now" does not have',
    ],
    [
      'a former type',
      ['trimmed', 'old'],
      undefined,
      'names the type "old", whose facts are read as "now"',
    ],
    [
      'a former type without where',
      ['now'],
      { a: '' },
      'facts of "old", which are read as "now". Give the former type a where',
    ],
    ['a type with former ones, without predicates', ['now'], undefined, undefined],
    ['no type', null, { a: '' }, 'has payload predicates and no types'],
    ['no type and no predicates', null, undefined, undefined],
    [
      'what where returns',
      ['odd'],
      { a: '' },
      'what where of the definition makes of a payload predicate is none',
    ],
    ['a type that is not known', ['unknown'], { any: 1 }, undefined],
  ])('%s', async (_, types, predicate, message) => {
    const failure = await (predicate === undefined ? asked(types) : asked(types, predicate));
    if (message === undefined) expect(failure).toBeUndefined();
    else {
      expect(failure).toMatchObject({
        code: 'INVALID_QUERY',
        message: expect.stringContaining(message),
      });
    }
  });

  it('is counted as it is translated', async () => {
    expect(await asked(['many'], { a: '' })).toBeUndefined();
    expect(await asked(['many'], { a: '' }, { a: 'b' })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('1202 payload predicates once it is translated'),
    });
  });
});
