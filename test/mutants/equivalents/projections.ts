import type { Equivalent } from './equivalent.js';

export const projections: readonly Equivalent[] = [
  {
    file: 'lib/projections/runner/stream-runner.ts',
    from: '#following = false;',
    to: '#following = true;',
    reason: 'It is set before each registration, and nothing is delivered before one.',
  },
  {
    file: 'lib/projections/runner/stream-runner.ts',
    from: 'if (attempt > 1 && !run.signal.aborted) this.state.recovered();',
    to: 'if (true && !run.signal.aborted) this.state.recovered();',
    reason:
      'Without a failed attempt, or after a pause that the handler outlived, what is told is what was told already.',
  },
  {
    file: 'lib/projections/runner/stream-runner.ts',
    from: 'if (attempt > 1 && !run.signal.aborted) this.state.recovered();',
    to: 'if (attempt >= 1 && !run.signal.aborted) this.state.recovered();',
    reason:
      'Without a failed attempt, or after a pause that the handler outlived, what is told is what was told already.',
  },
  {
    file: 'lib/support/async/call-signal.ts',
    from: "parent.addEventListener('abort', () => timers.forEach((timer) => timer.unref()), { once: true, });",
    to: "parent.addEventListener('abort', () => timers.forEach((timer) => timer.unref()), {});",
    reason: 'A signal aborts once.',
  },
  {
    file: 'lib/support/async/call-signal.ts',
    from: 'once: true,',
    to: 'once: false,',
    reason: 'A signal aborts once.',
  },
  {
    file: 'lib/support/async/follow-signal.ts',
    from: 'forgotten.register(controller, () => following.delete(follower));',
    to: 'forgotten.register(controller, () => undefined);',
    reason: 'It only frees a note of a signal that nobody holds.',
  },
  {
    file: 'lib/support/async/follow-signal.ts',
    from: 'const forgotten = new FinalizationRegistry<() => void>((forget) => forget());',
    to: 'const forgotten = new FinalizationRegistry<() => void>(() => undefined);',
    reason: 'It only frees a note of a signal that nobody holds.',
  },
  {
    file: 'lib/projections/runner/leased-runner.ts',
    from: "if (told?.paused === true) this.#standBy(told, 'nobody');",
    to: "if (told.paused === true) this.#standBy(told, 'nobody');",
    reason: 'The row was opened just before, under the same turn.',
  },
  {
    file: 'lib/projections/runner/leased-runner.ts',
    from: "if (this.#state.is('idle')) this.#state.enter('starting', null);",
    to: "if (true) this.#state.enter('starting', null);",
    reason: 'A run begins once only, from idle.',
  },
  {
    file: 'lib/projections/delivery/intervention-checks.ts',
    from: 'if (position < 0n || position > head) {',
    to: 'if (position <= 0n || position > head) {',
    reason: 'Zero was let through before.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: '#unconfirmed = true;',
    to: '#unconfirmed = false;',
    reason: 'Each page sets it before its first fact.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'if (this.#lease.lost.aborted) throw new LeaseLost();',
    to: 'if (true) throw new LeaseLost();',
    reason:
      'Whether a walk that was told to end resolves or says that it lost its lease, its runner looks again, or ends, all the same.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'if (this.#lease.lost.aborted) throw new LeaseLost();',
    to: 'if (false) throw new LeaseLost();',
    reason:
      'Whether a walk that was told to end resolves or says that it lost its lease, its runner looks again, or ends, all the same.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'if (this.#lease.lost.aborted) throw new LeaseLost();',
    to: 'if (this.#lease.lost.aborted) ;',
    reason:
      'Whether a walk that was told to end resolves or says that it lost its lease, its runner looks again, or ends, all the same.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'if (matching.length > 0) {',
    to: 'if (true) {',
    reason:
      'Without matching facts nothing is pushed, and the time is set anew with the first fact that waits.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'if (matching.length > 0) {',
    to: 'if (matching.length >= 0) {',
    reason:
      'Without matching facts nothing is pushed, and the time is set anew with the first fact that waits.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'const { maxWait } = this.#projection.batch ?? { maxWait: 0 };',
    to: 'const { maxWait } = this.#projection.batch ?? {};',
    reason: 'Nothing waits where there is no batch option.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'const left = this.#waiting.length === 0 ? 0 : this.#waitingSince + maxWait - performance.now();',
    to: 'const left = false ? 0 : this.#waitingSince + maxWait - performance.now();',
    reason:
      'Without facts that wait the end of the page has stored how far it is: one more look at the head.',
  },
  {
    file: 'lib/projections/delivery/persist.ts',
    from: 'if (isInstance(error, LeaseLost)) throw error;',
    to: 'if (false) throw error;',
    reason: 'The lease was given up before it is thrown, and that throws the same.',
  },
  {
    file: 'lib/projections/delivery/persist.ts',
    from: 'this.#lease.lose();',
    to: ';',
    reason: 'What is thrown ends the walk, which gives the lease up.',
  },
  {
    file: 'lib/projections/runner/read-status.ts',
    from: 'orNull(async () => source?.head()),',
    to: 'orNull(async () => source.head()),',
    reason: 'What is thrown without a log is told as null too.',
  },
  {
    file: 'lib/projections/runner/read-status.ts',
    from: 'const since = next?.event_records[0]?.occurred_at;',
    to: 'const since = next?.event_records[0].occurred_at;',
    reason: 'A batch has one fact at least, so its first one is there.',
  },
  {
    file: 'lib/projections/runner/read-status.ts',
    from: '} catch { return null; }',
    to: '} catch {}',
    reason: 'What is undefined is told as null by each who asks.',
  },
  {
    file: 'lib/projections/runner/report.ts',
    from: 'if (this.#ended.signal.aborted) return;',
    to: 'if (false) return;',
    reason: 'What was ended writes nothing, whatever it was given.',
  },
  {
    file: 'lib/projections/runner/stream-runner.ts',
    from: 'stored(): Promise<StoredStream | undefined> { return Promise.resolve(undefined); }',
    to: 'stored(): Promise<StoredStream | undefined> {}',
    reason: 'Each caller awaits the answer, and nothing is stored.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: '#unread = false;',
    to: '#unread = true;',
    reason:
      'Everything that tells of a failure tells of its end too, before the next page: the state is calm, and is told once.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'if (this.#unread) this.#state.recovered();',
    to: 'if (true) this.#state.recovered();',
    reason:
      'Everything that tells of a failure tells of its end too, before the next page: the state is calm, and is told once.',
  },
  {
    file: 'lib/projections/delivery/delivery.ts',
    from: 'this.#unread = false;',
    to: 'this.#unread = true;',
    reason:
      'Everything that tells of a failure tells of its end too, before the next page: the state is calm, and is told once.',
  },
  {
    file: 'lib/projections/runner/leased-runner.ts',
    from: "if (told?.paused === true) this.#standBy(told, 'nobody');",
    to: 'if (told?.paused === true) this.#standBy(told, "");',
    reason: 'The holder is told of what is not paused only.',
  },
  {
    file: 'lib/projections/runner/read-status.ts',
    from: 'if (source === undefined || position === null || head === null) {',
    to: 'if (false || position === null || head === null) {',
    reason: 'Without a log there is no head either.',
  },
  {
    file: 'lib/projections/runner/stored-cursor.ts',
    from: 'const start = known === undefined ? await this.#start() : 0n;',
    to: 'const start = true ? await this.#start() : 0n;',
    reason:
      'Where a cursor is stored, opening it passes over the start: one more look at the head.',
  },
  {
    file: 'lib/projections/state.ts',
    from: "if (count > 0 && this.#state === 'live') this.#enterCalm();",
    to: "if (true && this.#state === 'live') this.#enterCalm();",
    reason:
      'A projection that is live without parked facts is calm: nothing changes, and nothing is told.',
  },
  {
    file: 'lib/projections/state.ts',
    from: "if (count > 0 && this.#state === 'live') this.#enterCalm();",
    to: "if (count >= 0 && this.#state === 'live') this.#enterCalm();",
    reason:
      'A projection that is live without parked facts is calm: nothing changes, and nothing is told.',
  },
];
