import { describe, expect, it } from '@jest/globals';
import { createTestStore, factMatchers, specifyDecision } from 'nestjs-factstr/testing';
import type { FactMatchers } from 'nestjs-factstr/testing';
import { failureOf } from '../support/failure-of.js';
import { course, enrol, enrolled } from './support/courses.js';

declare module 'expect' {
  interface Matchers<R> extends FactMatchers<R> {}
}

expect.extend(factMatchers);

const ann = enrolled('c1', 'ann');
const bob = enrolled('c1', 'bob');

describe('Matchers', () => {
  it('tell facts by type and payload, whatever their numbers and times', async () => {
    const { facts } = await specifyDecision(enrol).given(course).when(ann.payload).decided();
    expect(facts).toMatchFacts([ann]);
    expect({ facts }).toMatchFacts([ann]);
    expect(facts).not.toMatchFacts([]);
    expect(facts).not.toMatchFacts([bob]);
    const store = createTestStore();
    await store.append([ann, bob]);
    expect(await store.query({})).toMatchFacts([ann, bob]);
    expect(() => expect(facts).toMatchFacts([bob])).toThrow(
      "fact 1: payload.student_id: expected 'bob', was 'ann'",
    );
    expect(() => expect(facts).not.toMatchFacts([ann])).toThrow('Expected other facts than these');
    expect(() => expect(5).toMatchFacts([])).toThrow('not 5');
  });

  it('tell what a store has appended last', async () => {
    const store = createTestStore();
    await expect(store).toHaveAppended();
    await store.append([ann]);
    await store.append([bob]);
    await expect(store).toHaveAppended(bob);
    await expect(store).toHaveAppended(ann, bob);
    await expect(store).not.toHaveAppended(ann);
    await expect(store).not.toHaveAppended();
    const failure = await failureOf(() => expect(store).toHaveAppended(bob, ann, bob));
    expect(failure?.message).toContain('expected 3 facts, found 2 facts');
  });

  it('tell a conflict, numbers with their n', async () => {
    const store = createTestStore();
    expect(await store.appendIf([ann], {}, 5n)).toBeConflict();
    const appended = await store.appendIf([ann], {}, null);
    expect(appended).not.toBeConflict();
    expect(() => expect(appended).toBeConflict()).toThrow('first_sequence_number: 1n');
  });
});
