import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FactstrMemoryStore,
  FactstrPostgresStore,
  FactstrSqliteStore,
  FactstrStore,
  decisionModel,
  factQuery,
  facts,
  model,
} from 'nestjs-factstr';
import type { EventQuery, FactStore, NewEvent } from 'nestjs-factstr';
import { DecisionTurns } from '../../lib/service/turns/decision-turns.js';
import type { DecisionTurn } from '../../lib/service/turns/decision-turns.js';
import { turnsOf } from '../../lib/service/turns/turns-of.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** Whose turns end with the test: those that keep others waiting have timers. */
class EndedTurns extends DecisionTurns {
  override enter(...context: Parameters<DecisionTurns['enter']>): DecisionTurn {
    const turn = super.enter(...context);
    fixtures.later(() => turn.end());
    return turn;
  }
}

const of = (...parts: [string, object?][]): EventQuery =>
  factQuery(
    ...parts.map(([type, part]) => (part === undefined ? facts(type) : facts(type).where(part))),
  );
const enrolled = (course: string, student: string): NewEvent => ({
  event_type: 'enrolled',
  payload: { course, student },
});
const inCourse = (course: string): [string, object] => ['enrolled', { course }];
const byStudent = (student: string): [string, object] => ['enrolled', { student }];
const setting: [string] = ['setting'];

/** Whether a turn has begun. */
const isOn = (turn: { begins: Promise<void> | undefined }): boolean => turn.begins === undefined;

describe('The turns of decisions that share a part of their contexts', () => {
  it('come in order, each when it is the first for all of its parts', () => {
    const turns = new EndedTurns();
    const ax = turns.enter(of(inCourse('a'), byStudent('x')));
    const by = turns.enter(of(inCourse('b'), byStudent('y')));
    const ay = turns.enter(of(inCourse('a'), byStudent('y')));
    const bx = turns.enter(of(inCourse('b'), byStudent('x')));
    const c = turns.enter(of(inCourse('c'), byStudent('z')));
    expect([ax, by, ay, bx, c].map(isOn)).toEqual([true, true, false, false, true]);
    ax.end();
    expect([ay, bx].map(isOn)).toEqual([false, false]);
    by.end();
    expect([ay, bx].map(isOn)).toEqual([true, true]);
    for (const turn of [ay, bx, c]) turn.end();
    expect(turns.size).toBe(0);
  });

  it('know a part whatever is written around it, and whatever the order of keys', () => {
    const turns = new EndedTurns();
    const first = turns.enter(of(['enrolled', { a: 1, b: { c: 2, d: 3 } }]));
    const same = turns.enter({
      filters: [
        {
          event_types: ['other', 'enrolled'],
          payload_predicates: [{ b: { d: 3, c: 2 }, a: 1 }, 7],
        },
      ],
    });
    const other = turns.enter(of(['enrolled', { a: 1 }]));
    expect([first, same, other].map(isOn)).toEqual([true, false, true]);
  });

  it('are given up without holding up those behind', () => {
    const turns = new EndedTurns();
    const [first, second, third] = [1, 2, 3].map(() => turns.enter(of(inCourse('a'))));
    second!.end();
    expect(isOn(third!)).toBe(false);
    first!.end();
    expect(isOn(third!)).toBe(true);
    third!.end();
    expect(turns.size).toBe(0);
  });

  it('are not taken for a part that the decisions’ own facts do not match', () => {
    const turns = new EndedTurns();
    const decide = (course: string): boolean => {
      const turn = turns.enter(of(inCourse(course), setting));
      const began = isOn(turn);
      turn.appended([enrolled(course, 'x')]);
      turn.end();
      return began;
    };
    const held = turns.enter(of(inCourse('held'), setting));
    expect(decide('a')).toBe(false);
    for (let n = 0; n < 10; n++) decide(`course ${n}`);
    // By now it is known that none of them sets anything.
    expect(decide('a')).toBe(true);
    const same = turns.enter(of(inCourse('held'), setting));
    expect(isOn(same)).toBe(false);
    expect(same.isPartial).toBe(true);
    // One that met a conflict takes turns for all parts.
    const anew = turns.enter(of(inCourse('b'), setting), true);
    expect([isOn(anew), anew.isPartial]).toEqual([false, false]);
    held.end();
    expect([same, anew].map(isOn)).toEqual([true, true]);
    same.end();
    anew.appended([{ event_type: 'setting', payload: 7 }]);
    anew.end();
    // One of them does.
    const [first, second] = ['c', 'd'].map((course) => turns.enter(of(inCourse(course), setting)));
    expect([first!, second!].map(isOn)).toEqual([true, false]);
  });

  it('are learned for from decisions that are alone, too', () => {
    const turns = new EndedTurns();
    for (let n = 0; n < 10; n++) {
      const turn = turns.enter(of(inCourse('a'), setting));
      turn.appended([enrolled('a', 'x')]);
      turn.end();
    }
    const both = ['b', 'c'].map((course) => turns.enter(of(inCourse(course), setting)));
    expect(both.map(isOn)).toEqual([true, true]);
    expect(isOn(turns.enter(of(inCourse('b'), setting)))).toBe(false);
  });

  it('learn nothing of a payload that cannot be read again', () => {
    const turns = new EndedTurns();
    const turn = turns.enter(of(inCourse('a')));
    const payload = {
      get course(): string {
        throw new Error('read once');
      },
    };
    expect(() => turn.appended([{ event_type: 'enrolled', payload }])).not.toThrow();
  });

  it('pass through long queues', () => {
    const turns = new EndedTurns();
    const all = Array.from({ length: 1_000 }, () => turns.enter(of(inCourse('a'))));
    for (const [index, turn] of all.entries()) {
      expect(isOn(turn)).toBe(true);
      expect(index === 999 || !isOn(all[index + 1]!)).toBe(true);
      turn.end();
    }
    expect(turns.size).toBe(0);
  });

  it('are taken for a whole context that has very many parts', () => {
    const turns = new EndedTurns();
    const event_types = Array.from({ length: 1_000 }, (_, n) => `type ${n}`);
    const first = turns.enter({ filters: [{ event_types }] });
    const second = turns.enter({ filters: [{ event_types }] });
    const other = turns.enter({ filters: [{ event_types: event_types.slice(0, 900) }] });
    expect([first, second, other].map(isOn)).toEqual([true, false, true]);
  });
});

const seats = decisionModel('turns: seats', (course: string) =>
  model(0).on('enrolled', { course }, (taken) => taken + 1),
);
const coursesOf = decisionModel('turns: courses of', (student: string) =>
  model(0).on('enrolled', { student }, (count) => count + 1),
);
const settings = decisionModel('turns: settings', () =>
  model(100).on('setting', (_, { payload }) => payload as number),
);

describe.each(['sqlite', 'postgres'] as const)(
  'Several stores on one database of %s',
  (provider) => {
    async function storesOn(count: number): Promise<FactStore[]> {
      const options = await optionsOf(provider, fixtures);
      const open = (): FactStore & { close(): unknown } =>
        options.provider === 'sqlite'
          ? new FactstrSqliteStore(options.path)
          : new FactstrPostgresStore((options as { url: string }).url);
      const stores = Array.from({ length: count }, open);
      fixtures.later(() => Promise.all(stores.map(async (store) => store.close())));
      return stores;
    }

    it('share their turns: none of 60 decisions meets a conflict', async () => {
      const stores = await storesOn(3);
      const services = stores.map((store) => FactstrStore.of<object>(store));
      const turns = await Promise.all(stores.map(async (store) => turnsOf(store)));
      expect(new Set(turns).size).toBe(1);
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, n) =>
          services[n % 3]!.decide(
            { seats: seats('a'), courses: coursesOf(`student ${n}`) },
            (states) => ({ append: enrolled('a', `student ${n}`), result: states.seats }),
            { retries: 0 },
          ),
        ),
      );
      expect(results.map(({ result }) => result)).toEqual(Array.from({ length: 60 }, (_, n) => n));
    });
  },
);

describe('Decisions', () => {
  it('that share only what they read are not held up for long', async () => {
    const store = FactstrStore.of<object>(new FactstrMemoryStore());
    const decide = (course: string, gate?: Gate) =>
      store.decide({ seats: seats(course), most: settings() }, async ({ seats, most }) => {
        await gate?.passed;
        return seats < most ? enrolled(course, 'x') : null;
      });
    for (let n = 0; n < 10; n++) await decide(`course ${n}`);
    const gate = new Gate();
    const held = decide('held', gate);
    await settle();
    await Promise.all(['a', 'b', 'c'].map((course) => decide(course)));
    gate.open();
    expect((await held).appended).toMatchObject({ first_sequence_number: 14n });
  });

  it('that went without a turn for a part take it after a conflict', async () => {
    const store = FactstrStore.of<object>(new FactstrMemoryStore());
    for (let n = 0; n < 10; n++) {
      await store.decide({ seats: seats('a'), most: settings() }, () => enrolled('a', 'x'));
    }
    // Now all set what until now was only read: without turns they would meet one another again and again.
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        store.decide(
          { seats: seats(`course ${n}`), most: settings() },
          async ({ most }) => {
            await settle();
            return { event_type: 'setting', payload: most + 1 };
          },
          { retries: 2 },
        ),
      ),
    );
    expect(results).toHaveLength(50);
    expect((await store.state(settings())).state).toBe(150);
  });
});
