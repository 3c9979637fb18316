import type fc from 'fast-check';
import type { System } from '../system.js';

/** One step of a run: what is done is decided by its data, so that a seed repeats it. */
export abstract class Command implements fc.AsyncCommand<System, System> {
  abstract readonly data: unknown;

  check(): boolean {
    return true;
  }

  protected abstract act(system: System): Promise<void>;

  async run(system: System): Promise<void> {
    await this.act(system);
    system.assertRight();
  }

  toString(): string {
    return `${this.constructor.name} ${text(this.data)}`;
  }
}

/** As `expect(…).toEqual`, in one line. */
export function expectEqual(found: unknown, wanted: unknown, moment = ''): void {
  if (text(found) === text(wanted)) return;
  throw new Error(`got ${text(found)}, wanted ${text(wanted)}${moment}`);
}

export function text(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? `${member}n` : member,
  );
}
