import { afterEach, describe, expect, it } from '@jest/globals';
import {
  FactstrMemoryStore,
  FactstrModule,
  FactstrStore,
  decisionModel,
  defineDecision,
  model,
} from 'nestjs-factstr';
import type { DecideOptions } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

const providers: readonly ProviderName[] = ['memory', 'sqlite', 'postgres'];

const enrolments = decisionModel('ids: enrolments', (course: string) =>
  model<string[]>([]).on('enrolled', { course }, (all, { payload }) => [
    ...all,
    (payload as { student: string }).student,
  ]),
);

let decisions = 0;
const enrol = defineDecision(
  ({ course }: { course: string; student: string }) => ({ enrolled: enrolments(course) }),
  ({ enrolled }, { course, student }) => {
    decisions++;
    if (enrolled.includes(student)) throw new Error('enrolled already');
    return {
      // Another payload each time: the facts tell nothing.
      append: { event_type: 'enrolled', payload: { course, student, token: Math.random() } },
      result: enrolled.length,
    };
  },
);

async function serviceOn(provider: ProviderName): Promise<FactstrStore<object>> {
  const app = await fixtures.app({
    imports: [FactstrModule.forRoot(await optionsOf(provider, fixtures))],
  });
  return app.get(FactstrStore);
}

describe.each(providers)('A decision with an id on %s', (provider) => {
  it('is answered with the recorded append, without deciding', async () => {
    const store = await serviceOn(provider);
    const command = { course: 'a', student: 'x' };
    const first = await store.decide(enrol, command, { appendId: 'one' });
    expect(first).toMatchObject({ appended: { first_sequence_number: 1n }, result: 0 });
    const before = decisions;
    const again = await store.decide(enrol, { student: 'x', course: 'a' }, { appendId: 'one' });
    expect(again).toEqual({ appended: first.appended, result: undefined });
    expect(decisions).toBe(before);
    for (const [input, options] of [
      [{ course: 'a', student: 'y' }, {}],
      [command, { command: { other: true } }],
    ] as const) {
      await expect(
        store.decide(enrol, input, { appendId: 'one', ...options }),
      ).rejects.toMatchObject({ code: 'APPEND_ID_REUSED' });
    }
    expect(decisions).toBe(before);
    expect(await store.head()).toBe(1n);
  });

  it('that is made many times at once has one result', async () => {
    const store = await serviceOn(provider);
    // Another service takes turns with it; another process would not: its decision is not the last word.
    const results = await Promise.all(
      Array.from({ length: 20 }, () =>
        store.decide(enrol, { course: 'a', student: 'x' }, { appendId: 'one', retries: 0 }),
      ),
    );
    for (const { appended } of results)
      expect(appended).toMatchObject({ first_sequence_number: 1n });
    expect(await store.head()).toBe(1n);
  });

  it('gets the first one’s result where both were decided at once', async () => {
    const store = await serviceOn(provider);
    const command = { course: 'a', student: 'x' };
    const gate = new Gate();
    const late = store.decide(
      { enrolled: enrolments('a') },
      async ({ enrolled }) => {
        await gate.passed;
        if (enrolled.includes('x')) throw new Error('enrolled already');
        return { event_type: 'enrolled', payload: { ...command, by: 'late' } };
      },
      { appendId: 'one', command },
    );
    await settle();
    // As from another process: without a turn.
    const first = await store.appendIf(
      [{ event_type: 'enrolled', payload: { ...command, by: 'first' } }],
      { filters: [{ event_types: ['enrolled'] }] },
      null,
      { appendId: 'one', command },
    );
    gate.open();
    expect(await late).toMatchObject({ appended: first.append_result });
    expect(await store.head()).toBe(1n);
  });

  it('that is refused by the facts of its own call is answered with them', async () => {
    const store = await serviceOn(provider);
    const command = { course: 'a', student: 'x' };
    const options: DecideOptions = { appendId: 'one', command };
    const calls: Promise<unknown>[] = [];
    const twice = await store.decide(
      { enrolled: enrolments('a') },
      async () => {
        // The same call, in the middle of this one: it does not wait for this one's turn.
        if (calls.length === 0) calls.push(store.decide(enrol, command, options));
        const other = await calls[0];
        expect(other).toMatchObject({ result: 0 });
        throw new Error('enrolled already');
      },
      options,
    );
    expect(twice).toMatchObject({ appended: { first_sequence_number: 1n }, result: undefined });
  });

  it('records nothing where it appends nothing', async () => {
    const store = await serviceOn(provider);
    const decide = (outcome: unknown) =>
      store.decide({ enrolled: enrolments('a') }, () => outcome as null, {
        appendId: 'one',
        command: 1,
      });
    expect(await decide(null)).toEqual({ appended: null, result: undefined });
    expect(await decide({ append: [], result: 7 })).toEqual({ appended: null, result: 7 });
    expect(await decide({ event_type: 'enrolled', payload: 1 })).toMatchObject({
      appended: { first_sequence_number: 1n },
    });
    expect(await decide(null)).toMatchObject({ appended: { first_sequence_number: 1n } });
  });

  it('takes metadata along', async () => {
    const store = await serviceOn(provider);
    const command = { course: 'a', student: 'x' };
    const metadata = { correlation_id: 'c-1' };
    await store.decide(enrol, command, { metadata });
    expect(await store.trace(1n)).toMatchObject({ metadata });
  });
});

describe('The signal of a decision', () => {
  const reason = new Error('aborted');
  const store = (): FactstrStore<object> => FactstrStore.of<object>(new FactstrMemoryStore());

  it('that has aborted lets nothing be decided', async () => {
    const before = decisions;
    const signal = AbortSignal.abort(reason);
    const one = store();
    await expect(one.decide(enrol, { course: 'a', student: 'x' }, { signal })).rejects.toBe(reason);
    await expect(one.decide({}, () => [], { signal })).rejects.toBe(reason);
    expect(decisions).toBe(before);
  });

  it('that aborts meanwhile lets nothing be appended', async () => {
    const one = store();
    const abort = new AbortController();
    const decided = one.decide(
      { enrolled: enrolments('a') },
      (_, { signal }) => {
        expect(signal).toBe(abort.signal);
        abort.abort(reason);
        return { event_type: 'enrolled', payload: { course: 'a', student: 'y' } };
      },
      { signal: abort.signal },
    );
    await expect(decided).rejects.toBe(reason);
    expect(await one.head()).toBe(0n);
  });

  it('lets nothing be decided again after a conflict', async () => {
    const one = store();
    const abort = new AbortController();
    let attempts = 0;
    const decided = one.decide(
      { enrolled: enrolments('a') },
      async (_, { attempt }) => {
        attempts = attempt;
        await one.append([{ event_type: 'enrolled', payload: { course: 'a', student: 'y' } }]);
        if (attempt === 2) setImmediate(() => abort.abort(reason));
        return { event_type: 'enrolled', payload: { course: 'a', student: 'y' } };
      },
      { signal: abort.signal, retries: 1_000 },
    );
    await expect(decided).rejects.toBe(reason);
    expect(await one.head()).toBe(BigInt(attempts));
  });

  it('ends the wait for a turn, and those behind go on', async () => {
    const one = store();
    const gate = new Gate();
    const abort = new AbortController();
    const decide = (student: string, signal?: AbortSignal, passed?: Promise<unknown>) =>
      one.decide(
        { enrolled: enrolments('a') },
        async () => {
          await passed;
          return { event_type: 'enrolled', payload: { course: 'a', student } };
        },
        { signal, retries: 0 },
      );
    const first = decide('first', undefined, gate.passed);
    const second = decide('second', abort.signal);
    const third = decide('third');
    await settle();
    abort.abort(reason);
    await expect(second).rejects.toBe(reason);
    gate.open();
    expect(await first).toMatchObject({ appended: { first_sequence_number: 1n } });
    expect(await third).toMatchObject({ appended: { first_sequence_number: 2n } });
  });

  it('is an AbortSignal, and a command has an id', async () => {
    const one = store();
    const decide = (options: unknown) => one.decide({}, () => [], options as DecideOptions);
    await expect(decide({ signal: {} })).rejects.toThrow(/no AbortSignal/);
    await expect(decide({ command: 1 })).rejects.toThrow(/kept beside an appendId/);
  });
});
