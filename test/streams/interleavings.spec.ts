import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { settle } from '../support/waiting/until.js';
import { stepTime } from '../support/waiting/stepped-time.js';
import { StreamWorld } from './support/stream-world.js';
import type { Step } from './support/stream-world.js';

beforeEach(() => {
  stepTime();
  // Pauses between attempts have no jitter.
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** A fast stream and a slow one at the head of a log, which are idle. */
async function begin(sees: 'call' | 'answer', most: number): Promise<StreamWorld> {
  const world = new StreamWorld();
  world.log.isFree = true;
  for (let n = 0; n < 3; n++) world.log.append(2);
  world.log.most = most;
  world.log.sees = sees;
  world.follow(false);
  world.follow(true);
  await settle();
  world.log.isFree = false;
  return world;
}

/** All sequences of so many of the steps. */
function* sequences(steps: readonly Step[], length: number): Generator<Step[]> {
  if (length === 0) yield [];
  else
    for (const rest of sequences(steps, length - 1))
      for (const step of steps) yield [...rest, step];
}

/** Numbers that look random, the same each time. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** As often as they stand here. */
const STEPS: readonly Step[] = [
  ...(['own', 'own', 'foreign', 'tell', 'tellTwice', 'answer', 'answer', 'answer'] as const),
  ...([
    'answerNewest',
    'answerNewest',
    'handled',
    'handled',
    'later',
    'join',
    'leave',
    'fail',
  ] as const),
];

async function sample(steps: readonly Step[], schedules: number): Promise<void> {
  for (let seed = 1; seed <= schedules; seed++) {
    const random = numbers(seed * 7_919);
    const next = (count: number): number => Math.floor(random.next().value * count);
    const world = await begin(next(2) === 0 ? 'call' : 'answer', 1 + next(3));
    for (let n = 0; n < 18; n++) await world.take(steps[next(steps.length)]!);
    expect([seed, await world.end()]).toEqual([seed, undefined]);
  }
}

describe('Live streams are given every batch once, in order,', () => {
  it.each(['call', 'answer'] as const)(
    'whatever comes between a read and its answer, which shows the log at the %s',
    async (sees) => {
      for (const steps of sequences(['own', 'tell', 'answer', 'answerNewest', 'join'], 4)) {
        const world = await begin(sees, 1);
        for (const step of steps) await world.take(step);
        expect(await world.end()).toBeUndefined();
      }
    },
  );

  it('in long runs of everything that may happen', async () => {
    await sample(STEPS, 400);
  });

  it('also when other logs take the place of theirs, of which all is given that they lack', async () => {
    await sample([...STEPS, 'cut', 'cut'], 400);
  });
});
