import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { ApplyFact, DurableProjection, OnFacts } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { specifyProjection } from 'nestjs-factstr/testing';
import { failureOf } from '../support/failure-of.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { synchronousStore } from '../support/fixtures/hand-written-stores.js';
import { defined, enrolled, withdrawn } from './support/courses.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const QUERY = { filters: [{ event_types: ['student-enrolled', 'student-withdrawn'] }] };
const GIVEN = [
  defined('c1', 9),
  enrolled('c1', 'ann'),
  [enrolled('c1', 'bob'), enrolled('c2', 'ann')],
  withdrawn('c1', 'ann'),
  enrolled('c1', 'cid'),
];

const studentOf = ({ payload }: EventRecord): string => {
  const { course_id, student_id } = payload as { course_id: string; student_id: string };
  return `${course_id} ${student_id}`;
};

/** A read model: who is enrolled where. */
class Seats {
  seats = new Set<string>();
  calls: number[] = [];

  apply(facts: readonly EventRecord[]): void {
    this.calls.push(facts.length);
    for (const fact of facts) {
      if (fact.event_type === 'student-enrolled') this.seats.add(studentOf(fact));
      else this.seats.delete(studentOf(fact));
    }
  }

  onReset(): void {
    this.seats.clear();
  }
}

class MethodForm extends Seats {
  @DurableProjection({ name: 'seats', query: QUERY })
  project(facts: EventRecord[]): void {
    this.apply(facts);
  }
}

@DurableProjection({ name: 'seats' })
class ClassForm extends Seats {
  @ApplyFact('student-enrolled')
  enrolled(fact: EventRecord): void {
    this.apply([fact]);
  }

  @ApplyFact('student-withdrawn')
  withdrawn(fact: EventRecord): void {
    this.apply([fact]);
  }
}

/** Counts enrolments one by one. */
class Counting {
  count = 0;

  @DurableProjection({ name: 'seats', query: QUERY })
  project(facts: EventRecord[]): void {
    this.count += facts.length;
  }

  onReset(): void {
    this.count = 0;
  }
}

/** Leaves the seats where they are. */
class NotCleared extends Seats {
  readonly first: string[] = [];

  @DurableProjection({ name: 'seats', query: QUERY })
  project(facts: EventRecord[]): void {
    this.apply(facts);
    if (!this.first.includes(studentOf(facts[0]!))) this.first.push(studentOf(facts[0]!));
  }

  override onReset(): void {
    this.seats.clear();
    this.first.length = 0;
    this.first.push('left over');
  }
}

/** Takes the first fact of each call only. */
class FirstOnly extends Seats {
  @DurableProjection({ name: 'seats', query: { filters: [{ event_types: ['student-enrolled'] }] } })
  project([first]: EventRecord[]): void {
    this.apply([first!]);
  }
}

class Broken {
  @DurableProjection({ name: 'seats', query: QUERY, maxAttempts: 1 })
  project(): void {
    throw new Error('a bug');
  }

  onReset(): void {
    // Nothing was written.
  }
}

/** Nothing clears it but the test. */
class WithoutReset {
  readonly seats = new Seats();

  @DurableProjection({ name: 'seats', query: QUERY })
  project(facts: EventRecord[]): void {
    this.seats.apply(facts);
  }

  @OnFacts()
  ignored(): void {
    // A live handler beside it.
  }
}

async function start<T>(
  handler: Type<T>,
  provider: 'memory' | 'sqlite' | 'postgres' = 'memory',
): Promise<{ app: TestingModule; handler: T }> {
  const app = await fixtures.start(await optionsOf(provider, fixtures), handler);
  return { app, handler: app.get(handler) };
}

const EXPECTED = ['c1 bob', 'c1 cid', 'c2 ann'];

describe.each(['memory', 'sqlite', 'postgres'] as const)(
  'A projection that is right, on %s',
  (provider) => {
    it.each<[string, Type<Seats>]>([
      ['method', MethodForm],
      ['class', ClassForm],
    ])('passes every run in the %s form', async (_, type) => {
      const { app, handler } = await start(type, provider);
      const snapshot = (): string[] => [...handler.seats].sort();
      let looks = 0;
      await specifyProjection(app, 'seats', { snapshot })
        .given(...GIVEN)
        .then(() => {
          looks++;
          expect(snapshot()).toEqual(EXPECTED);
        });
      // Live, redelivered, rebuilt, and rebuilt twice with merged batches.
      expect(looks).toBe(5);
      if (type === MethodForm) expect(Math.max(...handler.calls)).toBe(5);
      // And again, on what is there.
      await specifyProjection(app, 'seats', { snapshot })
        .given(enrolled('c3', 'ann'))
        .then(() => expect(snapshot()).toEqual([...EXPECTED, 'c3 ann']));
    });
  },
);

describe('A projection that is wrong', () => {
  it('and not idempotent is caught when its last batch comes again', async () => {
    const { app, handler } = await start(Counting);
    const test = specifyProjection(app, 'seats', { snapshot: () => ({ count: handler.count }) });
    const failure = await failureOf(() => test.given(...GIVEN).then(() => undefined));
    expect(failure?.name).toBe('SpecificationError');
    expect(failure?.message).toBe(
      `Projection "seats" comes to something else with the last batch delivered again than live:
  count: expected 5, was 6
It is not idempotent: after a crash between the handler and its cursor the last facts come again. Write by key (an upsert, the fact’s number), or make it transactional.`,
    );
  });

  it('is caught by the assertion alone, too', async () => {
    const { app, handler } = await start(Counting);
    const failure = await failureOf(() =>
      specifyProjection(app, 'seats')
        .given(...GIVEN)
        .then(() => expect(handler.count).toBe(5)),
    );
    expect(failure?.message).toContain(
      'What holds of projection "seats" live does not hold with the last batch delivered again:',
    );
  });

  it('and leaves something behind is caught when it is rebuilt', async () => {
    const { app, handler } = await start(NotCleared);
    const test = specifyProjection(app, 'seats', { snapshot: () => handler.first });
    const failure = await failureOf(() => test.given(...GIVEN).then(() => undefined));
    expect(failure?.message).toContain('comes to something else rebuilt from zero than live:');
    expect(failure?.message).toContain('Either onReset (or reset) leaves something behind');
  });

  it('and forgets facts of a call is caught in other splits of batches', async () => {
    const { app, handler } = await start(FirstOnly);
    const test = specifyProjection(app, 'seats', { snapshot: () => [...handler.seats].sort() });
    const failure = await failureOf(() =>
      test.given(enrolled('c1', 'ann'), enrolled('c1', 'bob')).then(() => undefined),
    );
    expect(failure?.message).toContain('rebuilt with up to 2 facts a call than live:');
    expect(failure?.message).toContain('how facts come in batches');
  });

  it('and fails is told with its error', async () => {
    const { app } = await start(Broken);
    const failure = await failureOf(() =>
      specifyProjection(app, 'seats', { timeout: 200 })
        .given(...GIVEN)
        .then(() => undefined),
    );
    expect(failure).toMatchObject({ code: 'WAIT_TIMEOUT' });
    expect(failure?.message).toMatch(/^Run live: [^]*is paused at [01] of 6: .*a bug/);
  });
});

describe('A projection without onReset', () => {
  it('is cleared by the test, or not rebuilt, or refused', async () => {
    const { app, handler } = await start(WithoutReset);
    const snapshot = (): string[] => [...handler.seats.seats].sort();
    await expect(
      specifyProjection(app, 'seats')
        .given(...GIVEN)
        .then(() => undefined),
    ).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('onReset(manager)'),
    });
    expect(handler.seats.calls).toEqual([]);
    let looks = 0;
    await specifyProjection(app, 'seats', { snapshot, rebuild: false })
      .given(...GIVEN)
      .then(() => looks++);
    expect(looks).toBe(2);
    await specifyProjection(app, 'seats', { snapshot, reset: () => handler.seats.onReset() });
    await specifyProjection(app, 'seats', { snapshot, reset: () => handler.seats.onReset() }).then(
      () => looks++,
    );
    expect(looks).toBe(6);
    expect(snapshot()).toEqual(EXPECTED);
  });
});

describe('What is specified', () => {
  it('is registered', async () => {
    const { app } = await start(MethodForm);
    expect(() => specifyProjection(app, 'other')).toThrow('No projection "other"');
  });

  it('runs live only on a store with the contract only', async () => {
    const app = await fixtures.start(
      { provider: 'custom', store: synchronousStore().store },
      MethodForm,
    );
    const snapshot = (): string[] => [...app.get(MethodForm).seats].sort();
    await expect(
      specifyProjection(app, 'seats')
        .given(...GIVEN)
        .then(() => undefined),
    ).rejects.toThrow('the contract only');
    await specifyProjection(app, 'seats', { snapshot, rebuild: false })
      .given(...GIVEN)
      .then(() => expect(snapshot()).toEqual(EXPECTED));
  });
});
