import { describe, expect, it } from '@jest/globals';
import { FactstrMemoryStore, defineFacts } from 'nestjs-factstr';
import * as v from 'valibot';
import * as z from 'zod';

const yes = async (): Promise<boolean> => true;
const same = async (value: string): Promise<string> => value;
const checked = z.string().refine(yes);
const checkedAsync = v.pipeAsync(v.string(), v.checkAsync(yes));

interface Node {
  readonly to?: Node | undefined;
}
const tree: z.ZodType<Node> = z.object({
  to: z.lazy(() => tree).optional(),
});
/** It makes a new schema each time that it is asked for one. */
const endless = (): z.ZodType => z.lazy(() => z.object({ left: endless(), right: endless() }));

describe('A schema that is asynchronous', () => {
  it.each<[string, unknown]>([
    ['a check', checked],
    ['a check in check()', z.string().check(z.refine(yes))],
    ['a check by a function', z.string().check(async () => {})],
    ['a custom type', z.custom(yes)],
    ['a format', z.stringFormat('own', yes)],
    ['a transformation', z.string().transform(same)],
    ['a preprocessing', z.preprocess(same as never, z.string())],
    ['a codec', z.codec(z.string(), z.string(), { decode: same, encode: (value) => value })],
    ['a promise', z.object({ a: z.promise(z.string()) })],
    ['a member', z.object({ a: checked })],
    ['a check of an object', z.object({ a: z.string() }).refine(yes)],
    ['a transformation of a member', z.object({ a: z.object({ b: z.string().transform(same) }) })],
    ['an optional member', z.object({ a: checked.optional() })],
    ['a member with a default', z.object({ a: checked.default('') })],
    ['a nullable, readonly member', z.object({ a: checked.nullable().readonly() })],
    ['other members', z.object({}).catchall(checked)],
    ['an array', z.array(checked)],
    ['a tuple', z.tuple([z.string(), checked])],
    ['the rest of a tuple', z.tuple([z.string()], checked)],
    ['a record', z.record(z.string(), checked)],
    ['a union', z.union([z.number(), checked])],
    [
      'a variant',
      z.discriminatedUnion('is', [
        z.object({ is: z.literal('a') }),
        z.object({ is: z.literal('b'), b: checked }),
      ]),
    ],
    ['an intersection', z.intersection(z.object({}), z.object({ a: checked }))],
    ['what comes after', z.string().pipe(checked)],
    ['what is made late', z.lazy(() => checked)],
    ['a member of valibot', v.object({ a: checkedAsync as never })],
    ['an array of valibot', v.array(checkedAsync as never)],
    ['an optional member of valibot', v.object({ a: v.optional(checkedAsync as never) })],
    ['an item of a pipe', v.pipe(v.string(), v.checkAsync(yes) as never)],
    ['a function of a pipe', v.object({ a: v.pipe(v.string(), v.transform(same)) })],
    ['a union of valibot', v.union([v.number(), checkedAsync as never])],
    ['what valibot makes late', v.lazy(() => checkedAsync as never)],
  ])('is refused where it is defined: %s', (_, schema) => {
    expect(() => defineFacts({ x: schema as never })).toThrow(
      expect.objectContaining({
        code: 'INVALID_SCHEMA',
        message: expect.stringContaining('The schema of the type "x" is asynchronous'),
      }),
    );
  });

  it.each<[string, z.ZodType, unknown]>([
    ['by a promise that a function returns', z.string().refine(() => Promise.resolve(true)), 'a'],
    ['in superRefine', z.string().superRefine(async () => {}), 'a'],
  ])('is refused at an append where it does not show: %s', (_, schema, payload) => {
    const store = new FactstrMemoryStore({ facts: defineFacts({ x: schema }) });
    expect(() => store.append([{ event_type: 'x', payload }])).toThrow(
      expect.objectContaining({
        code: 'INVALID_SCHEMA',
        message: expect.stringContaining('the schema is asynchronous'),
      }),
    );
    expect(store.query({}).event_records).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['one that refers to itself', z.object({ tree })],
    ['one without end', endless()],
    [
      'one of a part that is not there yet',
      z.object({
        get later(): z.ZodType {
          throw new ReferenceError('later');
        },
      }),
    ],
    [
      'the way back of a codec',
      z.codec(z.string(), z.string(), { decode: (value) => value, encode: same }),
    ],
  ])('is not: %s', (_, schema) => {
    expect(() => defineFacts({ x: schema as never })).not.toThrow();
  });
});
