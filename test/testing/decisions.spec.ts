import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  FactstrError,
  ModelFailedError,
  decisionModel,
  defineDecision,
  defineFacts,
  model,
} from 'nestjs-factstr';
import * as z from 'zod';
import { specifyDecision } from 'nestjs-factstr/testing';
import { failureOf } from '../support/failure-of.js';
import {
  CourseFull,
  course,
  defined,
  enrol,
  enrolByCounter,
  enrolForgetfully,
  enrolMutating,
  enrolWidely,
  enrolled,
  withdrawn,
} from './support/courses.js';

const takenBefore = decisionModel('kit taken', (id: string) =>
  model(0).on('taken', { id }, (count) => count + 1),
);
const take = defineDecision(
  (id: string) => ({ before: takenBefore(id) }),
  ({ before }, id) => {
    if (before > 0) throw new RangeError('taken');
    return { event_type: 'taken', payload: { id } };
  },
);

afterEach(() => {
  jest.useRealTimers();
});

const ann = { course_id: 'c1', student_id: 'ann' };

/** The message with which a test of the kit fails. */
async function failing(test: () => Promise<unknown>): Promise<string> {
  const failure = await failureOf(test);
  expect(failure?.name).toBe('SpecificationError');
  return failure!.message;
}

describe('A decision that is specified', () => {
  it('appends what is expected', async () => {
    await specifyDecision(enrol).given(course).when(ann).then(enrolled('c1', 'ann'));
  });

  it('is told apart from what it is not, with each place that differs', async () => {
    const test = specifyDecision(enrol).given(course).when(ann);
    expect(await failing(() => test.then(enrolled('c1', 'bob')))).toBe(
      `The decision appended other facts than expected.
expected:
  student-enrolled { course_id: 'c1', student_id: 'bob' }
found:
  student-enrolled { course_id: 'c1', student_id: 'ann' }
difference:
  fact 1: payload.student_id: expected 'bob', was 'ann'`,
    );
    expect(await failing(() => test.then(enrolled('c1', 'ann'), course))).toContain(
      'expected 2 facts, found one fact',
    );
    expect(await failing(() => test.thenNothing())).toContain('append nothing, and appended:');
    expect(await failing(() => test.thenRefuses())).toContain('was to refuse, and appended:');
  });

  it('appends nothing', async () => {
    const again = specifyDecision(enrol).given(course, enrolled('c1', 'ann')).when(ann);
    await again.thenNothing();
    expect(await failing(() => again.then(enrolled('c1', 'ann')))).toContain('(none)');
  });

  it('refuses, as is told by a class, a part of the message, members or a function', async () => {
    const full = specifyDecision(enrol).given(defined('c1', 1), enrolled('c1', 'bob')).when(ann);
    await full.thenRefuses();
    await full.thenRefuses(CourseFull);
    await full.thenRefuses('is full');
    await full.thenRefuses(/^The course c1/);
    await full.thenRefuses({ code: 'COURSE_FULL', course_id: 'c1' });
    await full.thenRefuses((error) => error instanceof CourseFull);
    expect(await failing(() => full.thenRefuses(TypeError))).toContain(
      'expected TypeError, was CourseFull: The course c1 is full.',
    );
    expect(await failing(() => full.thenRefuses('closed'))).toContain("a message with 'closed'");
    expect(await failing(() => full.thenRefuses({ code: 'X' }))).toContain(
      "code: expected 'X', was 'COURSE_FULL'",
    );
    expect(await failing(() => full.thenRefuses(() => false))).toContain('returned false');
    expect(await failing(() => full.then(enrolled('c1', 'ann')))).toContain(
      'was to append: CourseFull: The course c1 is full.',
    );
  });

  it('hands facts and result to a function, or to its caller', async () => {
    const test = specifyDecision(enrol).given(course).when(ann);
    const results: unknown[] = [];
    await test.then(({ facts, result }) => results.push(facts.length, result?.left));
    const { result, facts } = await test.decided();
    expect([...results, result?.left]).toEqual([1, 1, 1]);
    expect(facts[0]!.event_type).toBe('student-enrolled');
    await expect(
      test.then(() => {
        throw new RangeError('the function’s own');
      }),
    ).rejects.toThrow(RangeError);
    const full = specifyDecision(enrol).when(ann);
    // As a promise is, by a caller without types.
    await expect(Promise.resolve(full as unknown as Promise<void>)).rejects.toThrow('CourseFull');
    expect(await failing(() => full.decided())).toContain('CourseFull');
  });

  it('is decided each time anew, from what it was given alone', async () => {
    const given = specifyDecision(enrol).given(course);
    await given.given(enrolled('c1', 'ann')).when(ann).thenNothing();
    await given.when(ann).then(enrolled('c1', 'ann'));
    await given.when(ann).then(enrolled('c1', 'ann'));
  });

  it('works while Jest fakes all timers', async () => {
    jest.useFakeTimers();
    const test = specifyDecision(enrol).given(course).when(ann);
    await test.then(enrolled('c1', 'ann'));
    await test.raced();
  });

  it('is what defineDecision made', () => {
    expect(() => specifyDecision((() => undefined) as never)).toThrow('defineDecision');
  });
});

describe('What a decision does not see', () => {
  const full = [defined('c1', 1), enrolled('c1', 'bob'), withdrawn('c1', 'bob')];

  it('fails the test that gives it: a model without the type', async () => {
    await specifyDecision(enrol)
      .given(...full)
      .when(ann)
      .then(enrolled('c1', 'ann'));
    const message = await failing(() =>
      specifyDecision(enrolForgetfully)
        .given(...full)
        .when(ann)
        .thenRefuses(CourseFull),
    );
    expect(message).toBe(
      `The decision does not see what it was given:
  student-withdrawn { course_id: 'c1', student_id: 'bob' }
No model selects it, so that the decision neither knows of such a fact nor conflicts with one. Add the type to a model, or give what has nothing to do with the decision by givenUnrelated. Its models select:
  course-defined [ { course_id: 'c1' } ]
  student-enrolled [ { course_id: 'c1' } ]`,
    );
  });

  it('is given as unrelated; what it sees all the same fails the test', async () => {
    const other = [defined('c2', 0), enrolled('c2', 'bob')];
    const given = specifyDecision(enrol)
      .givenUnrelated(...other)
      .given(course);
    await given.when(ann).then(enrolled('c1', 'ann'));
    const message = await failing(() =>
      specifyDecision(enrolWidely)
        .givenUnrelated(...other)
        .given(course)
        .when(ann)
        .thenNothing(),
    );
    expect(message).toContain(
      `The decision sees what has nothing to do with it:
  course-defined { capacity: 0, course_id: 'c2' }
  student-enrolled { course_id: 'c2', student_id: 'bob' }
Its context is too wide`,
    );
  });
});

describe('A reducer that changes its state in place', () => {
  it('fails every test of the decision, a refusal included', async () => {
    const test = specifyDecision(enrolMutating).given(course, enrolled('c1', 'bob')).when(ann);
    expect(await failing(() => test.then(enrolled('c1', 'ann')))).toContain(
      'its reducer changes the state, or the fact, in place',
    );
    for (const expected of [undefined, Error, FactstrError, 'in place', /reducer/, () => true]) {
      await expect(test.thenRefuses(expected)).rejects.toMatchObject({ code: 'MODEL_FAILED' });
    }
    await test.thenRefuses(ModelFailedError);
    await test.thenRefuses({ code: 'MODEL_FAILED' });
  });
});

describe('A decision that is raced', () => {
  it('comes to what one order comes to: of two students one gets the last seat', async () => {
    const { facts, outcomes } = await specifyDecision(enrol)
      .given(defined('c1', 1))
      .when(ann)
      .raced({ course_id: 'c1', student_id: 'bob' });
    expect(facts).toHaveLength(1);
    expect(outcomes.filter(({ refused }) => refused instanceof CourseFull)).toHaveLength(1);
  });

  it('with itself enrols once', async () => {
    const { facts } = await specifyDecision(enrol).given(course).when(ann).raced();
    expect(facts).toEqual([{ event_type: 'student-enrolled', payload: ann }]);
  });

  it('and refuses both times, or appends nothing, has no one to wait for', async () => {
    const full = await specifyDecision(enrol).when(ann).raced();
    expect(full.facts).toEqual([]);
    const { outcomes } = await specifyDecision(enrol).given(course, enrolled('c1', 'ann')).when(ann).raced(); // prettier-ignore
    expect(outcomes).toEqual([{ facts: [], result: undefined }, { facts: [], result: undefined }]); // prettier-ignore
  });

  it('and depends on something else than its facts fails, and tells what happened', async () => {
    const message = await failing(() => specifyDecision(enrolByCounter).given(course).when(ann).raced()); // prettier-ignore
    expect(message).toMatch(/^Two decisions at once came to what they come to in neither order\./);
    expect(message).toMatch(/At once:\n {2}the first appended one fact\n {2}the second appended/);
    expect(message).toContain('The second before the first:');
  });

  it.each<[string, (value: unknown) => boolean | Promise<boolean>]>([
    ['a check', () => true],
    ['an asynchronous check', async () => true],
  ])('with %s of its facts passes it, and races', async (_, checkAppend) => {
    const facts = defineFacts({ taken: { schema: z.object({ id: z.string() }), checkAppend } });
    const raced = await specifyDecision(take, { facts }).when('a').raced();
    expect(raced.facts).toEqual([{ event_type: 'taken', payload: { id: 'a' } }]);
    expect(raced.outcomes.filter(({ refused }) => refused instanceof RangeError)).toHaveLength(1);
  });

  it.each<[string, (value: unknown) => boolean | Promise<boolean>]>([
    ['a check', () => false],
    ['an asynchronous check', async () => false],
  ])('and is refused by %s both times fails: nothing was raced', async (_, checkAppend) => {
    const facts = defineFacts({ taken: { schema: z.object({ id: z.string() }), checkAppend } });
    const message = await failing(() => specifyDecision(take, { facts }).when('a').raced());
    expect(message).toContain('both decisions failed, and neither by what it threw itself');
    expect(message).toContain('refused by checkAppend');
  });
});
