/** What a handler may answer: FACTSTR's rule is that `undefined` and `true` are success. */
export const SUCCESSES: readonly [what: string, answer: () => unknown][] = [
  ['undefined', () => undefined],
  ['true', () => true],
  ['null', () => null],
  ['0', () => 0],
  ['a text', () => 'done'],
  ['an object', () => ({ saved: 1 })],
  ['a promise of another value', async () => Promise.resolve(1)],
  ['a promise of undefined', () => Promise.resolve()],
  ['a promise of true', async () => Promise.resolve(true)],
  // oxlint-disable-next-line unicorn/no-thenable
  ['a thenable', () => ({ then: (done: (value: unknown) => void) => done(undefined) })],
];

export const FAILURES: readonly [what: string, answer: () => unknown][] = [
  ['false', () => false],
  ['a promise of false', async () => Promise.resolve(false)],
  [
    'a throw',
    () => {
      throw new Error('handler broke');
    },
  ],
  [
    'a throw of undefined',
    () => {
      // What third-party code throws is not ours to choose.
      // oxlint-disable-next-line no-throw-literal
      throw undefined;
    },
  ],
  ['a rejection', () => Promise.reject(new Error('handler broke'))],
];
