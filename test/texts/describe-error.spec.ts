import { describe, expect, it } from '@jest/globals';
import { describeError, isInstance, memberOf, stackOf } from '../../lib/support/describe-error.js';
import { oddErrors, undescribable } from '../support/odd-errors.js';
import type { OddError } from '../support/odd-errors.js';

const UNREADABLE = 'an error that throws when it is read';
const NOTHING = 'something that is no error and has no text';

const REPEATED = 'a; a; null; null; undefined; undefined; 1; 1';

/** Errors that cause one another, the last one first in the name. */
function chain(length: number): Error {
  let error = new Error(`${length}`);
  for (let n = length - 1; n > 0; n--) error = new Error(`${n}`, { cause: error });
  return error;
}

describe('What was thrown', () => {
  it.each<[unknown, string]>([
    [new Error('broke'), 'broke'],
    [new Error('a', { cause: new Error('b') }), 'a (b)'],
    [new Error('a', { cause: 'b' }), 'a (b)'],
    [new Error('a', { cause: null }), 'a (null)'],
    [new Error('a', { cause: 0 }), 'a (0)'],
    [new Error('a', { cause: undefined }), 'a'],
    [new Error(''), 'no message'],
    [Object.assign(new Error(''), { code: 'ECONNRESET' }), 'ECONNRESET'],
    [Object.assign(new Error(''), { code: 7 }), 'no message'],
    [Object.assign(new Error('a'), { code: 'ECONNRESET' }), 'a'],
    [new AggregateError([new Error('a'), new Error('b')], ''), 'a; b'],
    [new AggregateError([new Error('a'), new Error('b')], 'several'), 'several'],
    [Object.assign(new AggregateError([], ''), { code: 'E' }), 'E'],
    [Object.assign(new Error(''), { errors: 'text', code: 'E' }), 'E'],
    [Object.assign(new Error(''), { errors: { length: 1, 0: 'a' }, code: 'E' }), 'E'],
    [new AggregateError(['a', 7, null, new Error('b', { cause: 'c' })], ''), 'a; 7; null; b (c)'],
    // Only errors are told once; texts as often as they are there.
    [new AggregateError(['a', 'a', null, null, undefined, undefined, 1, 1], ''), REPEATED],
    [new Error('a', { cause: new AggregateError(['a', 'a'], '') }), 'a (a; a)'],
    [Object.assign(() => 1, { toString: () => 'a function' }), 'a function'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [7n, '7'],
    [Symbol('s'), 'Symbol(s)'],
    [{}, '[object Object]'],
    [{ message: 'a' }, 'a'],
    [{ message: 7, toString: () => 'seven' }, 'seven'],
    [Object.create(null), NOTHING],
  ])('%# is told in words', (thrown, told) => {
    expect(describeError(thrown)).toBe(told);
  });

  it('is told with its causes, to a depth of five below it', () => {
    expect(describeError(chain(5))).toBe('1 (2 (3 (4 (5))))');
    expect(describeError(chain(6))).toBe('1 (2 (3 (4 (5 (6)))))');
    expect(describeError(chain(7))).toBe('1 (2 (3 (4 (5 (6)))))');
  });

  it('is told with the first ten errors that it holds', () => {
    const told = (count: number): string =>
      describeError(
        new AggregateError(
          Array.from({ length: count }, (_, n) => `e${n}`),
          '',
        ),
      );
    expect(told(9)).toBe('e0; e1; e2; e3; e4; e5; e6; e7; e8');
    expect(told(10)).toBe('e0; e1; e2; e3; e4; e5; e6; e7; e8; e9');
    expect(told(11)).toBe(told(10));
  });

  it('is told of errors in errors to the same depth', () => {
    let error: Error = Object.assign(new Error(''), { code: 'DEEP' });
    for (let level = 0; level < 6; level++) error = new AggregateError([error], '');
    expect(describeError(error)).toBe('no message');
    expect(describeError((error as AggregateError).errors[0])).toBe('DEEP');
  });

  it('is looked at once, and 25 errors at the most', () => {
    const cycle = new Error('a');
    cycle.cause = new Error('b', { cause: cycle });
    expect(describeError(cycle)).toBe('a (b (…))');
    const many = new AggregateError(
      Array.from({ length: 10 }, () => chain(3)),
      '',
    );
    // The outer one, and eight chains of three.
    expect(describeError(many)).toBe(
      [...Array.from({ length: 8 }, () => '1 (2 (3))'), '…', '…'].join('; '),
    );
  });

  it('is bounded in every part and as a whole', () => {
    const cut = `${'x'.repeat(1_960)}… (cut: 5000 characters)`;
    expect(describeError(new Error('x'.repeat(5_000)))).toBe(cut);
    expect(describeError('x'.repeat(5_000))).toBe(cut);
    const both = describeError(new Error('a', { cause: new Error('x'.repeat(5_000)) }));
    expect(both).toBe(`a (${cut})`);
    const whole = describeError(
      new Error('x'.repeat(1_500), { cause: new Error('y'.repeat(1_500)) }),
    );
    expect(whole).toBe(`${'x'.repeat(1_500)} (${'y'.repeat(458)}… (cut: 3003 characters)`);
    expect(describeError(Object.assign(new Error(''), { code: 'C\0' }))).toBe('C\\u0000');
  });

  it.each<[keyof typeof undescribable, string]>([
    ['a message that throws', UNREADABLE],
    ['a code that throws', 'no message'],
    ['a cause that throws', 'seen'],
    ['errors that throw', 'no message'],
    ['a code of ours that throws', 'seen'],
    ['a Proxy that throws', UNREADABLE],
    ['a prototype that throws', 'seen'],
    ['a revoked Proxy', UNREADABLE],
    ['a toString that throws', NOTHING],
    ['no prototype', NOTHING],
  ])('is told without a throw when it is %s', (odd, told) => {
    expect(describeError(undescribable[odd]())).toContain(told);
  });

  it.each([Symbol('length'), 1n, '1', {}, undefined])(
    'holds no errors where their number is %p',
    (length) => {
      const errors = new Proxy([new Error('unseen')], {
        get: (target, key) => (key === 'length' ? length : Reflect.get(target, key)),
      });
      expect(describeError(Object.assign(new Error(''), { errors }))).toBe('no message');
    },
  );

  it('is never thrown on, whatever it is', () => {
    for (const [name, make] of Object.entries(oddErrors) as [OddError, () => unknown][]) {
      const thrown = make();
      expect([name, typeof describeError(thrown)]).toEqual([name, 'string']);
      expect([name, typeof (stackOf(thrown) ?? '')]).toEqual([name, 'string']);
      expect([name, typeof isInstance(thrown, Error)]).toEqual([name, 'boolean']);
      expect(() => memberOf(thrown, 'code')).not.toThrow();
    }
  });
});

describe('The parts of what was thrown', () => {
  it('are its stack, storable, and of 10,000 characters at the most', () => {
    const withStack = (stack: unknown): unknown => Object.assign(new Error('a'), { stack });
    expect(stackOf(withStack('at \0'))).toBe('at \\u0000');
    expect(stackOf(withStack('x'.repeat(10_000)))).toBe('x'.repeat(10_000));
    expect(stackOf(withStack('x'.repeat(10_001)))).toBe(
      `${'x'.repeat(9_960)}… (cut: 10001 characters)`,
    );
    for (const none of [withStack(7), withStack(undefined), 'text', null, undefined]) {
      expect(stackOf(none)).toBeUndefined();
    }
    expect(stackOf(undescribable['a stack that throws']())).toBeUndefined();
  });

  it('are its members', () => {
    expect(memberOf({ code: 'C' }, 'code')).toBe('C');
    expect(memberOf(null, 'code')).toBeUndefined();
    expect(memberOf(undefined, 'code')).toBeUndefined();
    expect(memberOf('text', 'length')).toBe(4);
    expect(memberOf(undescribable['a code that throws'](), 'code')).toBeUndefined();
  });

  it('are its class', () => {
    expect(isInstance(new TypeError('a'), Error)).toBe(true);
    expect(isInstance(new Error('a'), TypeError)).toBe(false);
    expect(isInstance('a', Error)).toBe(false);
    expect(isInstance(undescribable['a prototype that throws'](), Error)).toBe(false);
  });
});
